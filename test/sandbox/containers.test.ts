/** What only containers have: images, and engines in which something can be left behind. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readlinkSync, rmSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { AgentSandbox } from '../../server/worker/agentSandbox.ts';
import { createApptainerDriver } from '../../server/worker/sandbox/apptainer.ts';
import { createDockerDriver } from '../../server/worker/sandbox/docker.ts';
import { createSandboxDriver } from '../../server/worker/sandbox/drivers.ts';
import { createPodmanDriver } from '../../server/worker/sandbox/podman.ts';
import { probeSandboxes } from '../../server/worker/sandbox/probe.ts';
import { SandboxAbsentError, SandboxStartError } from '../../server/worker/sandbox/sandbox.ts';
import { whyNot } from './contract.ts';
import { eventually, file, limits, options, slot, spec, venv } from './fixture.ts';
import { imageFolder, importImage } from './images.ts';

const marker = `marker-${Math.random().toString(36).slice(2)}`;

for (const name of ['podman', 'docker', 'apptainer'] as const) {
  const skip = (await whyNot(name)) ?? false;

  describe(`images (${name})`, { skip, timeout: 120_000 }, () => {
    const image = name === 'apptainer' ? imageFolder(marker) : `localhost/aira2-test-${marker}:1`;
    if (skip === false) {
      const remove = name === 'apptainer' ? () => rmSync(image, { recursive: true }) : importImage(name, image, marker);
      after(remove);
    }

    test('a session has the tools and the environment of the image, and nothing of the host', async () => {
      const driver = await createSandboxDriver(name);
      const mounts = [{ source: import.meta.dirname, target: '/data/train' }];
      const given = spec({
        image,
        mounts,
        limits,
        files: [file('program/a.txt', 'mine')],
        environment: { GIVEN: 'too' },
      });
      const agent = await AgentSandbox.open(driver, { id: 'image', ...slot, spec: given });
      try {
        const show =
          'cat /marker; echo; cat program/a.txt; echo; ls /data/train/images.ts; echo $GIVEN; command -v grep python';
        assert.equal((await agent.bash(show, 20_000)).text, `${marker}\nmine\n/data/train/images.ts\ntoo\n`);
        if (name !== 'apptainer')
          assert.equal((await agent.bash('echo $FROM_IMAGE $PATH', 20_000)).text, 'yes /usr/bin\n');
        const write = 'touch /marker /usr/x; for d in /workspace /tmp /out "$HOME"; do touch $d/x && echo $d; done';
        const { text } = await agent.bash(write, 20_000);
        assert.match(text, /\/marker'?: (Read-only|Permission)(.|\n)*\/usr\/x'?: (Read-only|Permission)/);
        assert.match(text, /\/workspace\n\/tmp\n\/out\n\/root\n$/);
        const exported = await agent.exportFiles({ directory: 'program', maxFiles: 5, maxBytes: 1000 });
        assert.deepEqual(exported, { kind: 'exported', files: [file('a.txt', 'mine')] });
      } finally {
        await agent.close();
      }
    });

    test('an image without Python is found out before a run begins', async () => {
      const [finding] = await probeSandboxes(venv, [name], image);
      assert.equal(finding?.works, false);
      assert.match(finding?.problem ?? '', /Python does not run in it/);
      assert.match(finding?.fix ?? '', /ipykernel/);
    });

    test('an image that is not there is an error that tells how to get it, and nobody waits for a registry', async () => {
      const driver = await createSandboxDriver(name);
      const missing = name === 'apptainer' ? '/nonexistent/x.sif' : 'localhost/no-such-image:1';
      const begun = performance.now();
      await assert.rejects(driver.start(options({ image: missing })), /podman pull|docker pull|apptainer build/);
      assert.ok(performance.now() - begun < 15_000);
    });
  });
}

for (const name of ['podman', 'docker'] as const) {
  const skip = (await whyNot(name)) ?? false;

  test(`what dead workers left in ${name} is removed at the next start, and what is not ours is not`, {
    skip,
    timeout: 60_000,
  }, async () => {
    const engine = (...words: string[]) =>
      execFileSync(name, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    const image = `localhost/aira2-test-left-${marker}:1`;
    const removeImage = importImage(name, image, marker);
    const left = [
      `aira2-${namespace}-4194000-1-gone${marker}`,
      `aira2-1-4194000-1-other${marker}`,
      `of-a-person-${marker}`,
    ];
    try {
      for (const each of left) {
        const label = each.startsWith('aira2') ? ['--label=aira2.sandbox=1'] : [];
        engine('create', `--name=${each}`, ...label, '--network=none', '--entrypoint=', image, 'sleep', '100');
      }
      await createSandboxDriver(name);
      const names = engine('ps', '--all', '--format', '{{.Names}}').split('\n');
      assert.deepEqual(
        left.map((each) => names.includes(each)),
        [false, true, true],
      );
    } finally {
      for (const each of left.slice(1)) engine('rm', '--force', each);
      removeImage();
    }
  });

  test(`${name}: a container that somebody else removes is a dead sandbox, and is cleaned up after`, {
    skip,
    timeout: 60_000,
  }, async () => {
    const driver = await createSandboxDriver(name);
    const sandbox = await driver.start(options());
    const ours = () =>
      execFileSync(name, ['ps', '--all', '--filter', 'label=aira2.sandbox=7', '--format', '{{.Names}}'], {
        encoding: 'utf8',
      });
    const [container = ''] = ours()
      .split('\n')
      .filter((each) => each.includes(`-${process.pid}-`));
    execFileSync(name, ['rm', '--force', container], { stdio: 'ignore' });
    await eventually(() => sandbox.dead, 'the sandbox to be dead');
    await assert.rejects(sandbox.spawn(['true']), { name: 'SandboxDeadError' });
    await sandbox.exited;
    await sandbox.kill();
    assert.ok(!ours().includes(container));
  });
}

test('drivers that show the host alone refuse an image instead of leaving it out', async () => {
  for (const name of ['bwrap', 'none'] as const) {
    const driver = await createSandboxDriver(name);
    await assert.rejects(driver.start(options({ image: 'x' })), /it has no images, and x was asked for/);
  }
});

test('an engine that is not installed is told apart from one that does not work', async () => {
  const creators = [createPodmanDriver, createDockerDriver, createApptainerDriver];
  for (const create of creators) {
    await assert.rejects(create('/nonexistent/engine'), (error) => error instanceof SandboxAbsentError);
    await assert.rejects(
      create('/bin/false'),
      (error) => error instanceof SandboxStartError && !(error instanceof SandboxAbsentError) && error.fix !== '',
    );
  }
});
