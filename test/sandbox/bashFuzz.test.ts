import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { BashSession, ladder } from '../../server/worker/sessions/bash.ts';
import { pace } from '../support/pace.ts';
import { driver, options } from './fixture.ts';

const seed = Number(process.env.AIRA2_FUZZ_SEED ?? 20_251_120);
const commandCount = 220;
const timeoutMs = 300;
const ladderMs = ladder.reduce((sum, { waitMs }) => sum + waitMs, 0);

/** Pieces of hostile shell: unbalanced, signal-happy, stream-closing, state-breaking, endless. */
const pieces = [
  ...[
    'echo a',
    'true',
    'false',
    ':',
    '(exit 9)',
    'printf "\\0\\0"',
    'printf "D 0"',
    'head -c 300 /dev/urandom',
    'seq 1 9000',
  ],
  ...[
    '"',
    "'",
    '`',
    '$(',
    '${',
    '((',
    '[[',
    '<<E',
    "<<'E'\nx",
    '|',
    '||',
    '&',
    '&&',
    ';;',
    '{',
    '}',
    '(',
    ')',
    '\\',
    '#',
    '!',
  ],
  ...[
    'if',
    'then',
    'fi',
    'case x in',
    'esac',
    'for i in',
    'do',
    'done',
    'while',
    'function',
    'select x in a b; do break; done',
  ],
  ...[
    'exec 1>&-',
    'exec 2>&-',
    'exec 0<&-',
    'exec >/dev/null',
    'exec 2>/dev/null',
    'exec </dev/zero',
    'exec 250>&-',
    'exec 251>&-',
  ],
  ...[
    'exit',
    'exit 4',
    'exec true',
    'kill -9 $$',
    'kill -STOP $$',
    'kill -INT $$',
    'kill -TERM $$',
    'kill -HUP $$',
    'kill 0',
  ],
  ...[
    'set -e',
    'set -u',
    'set -n',
    'set -x',
    'set -v',
    'set -f',
    'set -o posix',
    'set -r',
    'set -C',
    'set +B',
    'set -k',
    'set -t',
  ],
  ...[
    "trap '' INT",
    "trap '' TERM",
    'trap "exit 3" ERR',
    'trap "echo d" DEBUG',
    'trap - EXIT',
    'trap "" EXIT',
    'trap "sleep 9" EXIT',
  ],
  ...[
    'IFS=0',
    'unset IFS',
    'PS1=x',
    'PS4="\\0"',
    'PROMPT_COMMAND="sleep 9"',
    'TMOUT=1',
    'PATH=',
    'unset PATH',
    'BASH_ENV=/x',
  ],
  ...[
    'unset -f __aira_end',
    'readonly $(compgen -v __aira)',
    '__aira_end 0 x',
    'read() { :; }',
    'eval() { :; }',
    'printf() { :; }',
    'local() { :; }',
  ],
  ...[
    'enable -n printf',
    'enable -n read',
    'enable -n eval',
    'builtin() { :; }',
    'alias eval=true',
    'shopt -s extdebug',
    'shopt -u expand_aliases',
  ],
  ...[
    'sleep 100',
    'sleep 100 &',
    'while :; do :; done',
    'yes',
    'yes >/dev/null',
    'cat /dev/zero >/dev/null',
    'wait',
    'read x </dev/tty',
  ],
  ...[
    'setsid sleep 100',
    '(setsid sleep 9 &)',
    'nohup sleep 9 &',
    'coproc cat',
    'bash -i',
    'python -c "import time; time.sleep(9)"',
    'vi',
    'less',
  ],
  ...[
    'cd /nonexistent',
    'cd /proc/1',
    'mkdir -p /tmp/q; cd /tmp/q; rmdir /tmp/q',
    'unset PWD',
    'PWD=x',
    'ulimit -n 20',
    'ulimit -u 3',
    'umask 777',
  ],
  ...[
    ':(){ :|:& };:',
    'cat <(yes) >/dev/null',
    'exec 9<>/dev/tcp/127.0.0.1/9',
    'history -c',
    'fc',
    'suspend',
    'logout',
    'bg',
    'fg',
    'disown -a',
    'jobs',
  ],
  ...[
    'cat /proc/$$/fd/0',
    'echo x >/proc/$$/fd/250',
    'printf "\\0x\\0" >&249',
    'head -c 9 <&0',
    '\r',
    '\u0001',
    'é',
    '\t',
    ' ',
    '\ud83c\udf89',
  ],
];
const joints = ['; ', '\n', ' && ', ' || ', ' | ', ' & ', ' ', '', '; { ', ' ( ', ' $( ', ' " ', ' # '];

test(`${commandCount} hostile commands: nothing hangs, and the next command is in sync or clearly in a new shell`, {
  timeout: 280_000,
}, async () => {
  console.log(`# seed ${seed} (AIRA2_FUZZ_SEED repeats it)`);
  const counts: Record<string, number> = {};
  const queue = Array.from({ length: commandCount }, (_, index) => index);
  // Two shells at once, each in its own sandbox: most of the time is waiting for time to be up.
  const worker = async (number: number): Promise<void> => {
    const fresh = async () => {
      const sandbox = await driver.start(
        options({ slot: 20 + number, limits: { cpus: 2, memoryMb: 400, diskMb: 32, pids: 64 } }),
      );
      let files = 0;
      return { sandbox, bash: await BashSession.open(sandbox, () => `${++files}.txt`) };
    };
    let { sandbox, bash } = await fresh();
    try {
      for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
        const command = hostile(index);
        const result = await bash.run(command, { timeoutMs });
        counts[result.outcome] = (counts[result.outcome] ?? 0) + 1;
        assert.ok(isBounded(result.durationMs), `${result.durationMs} ms: ${JSON.stringify(command)}`);
        // What a command leaves behind (TMOUT, traps, ulimits) may cost the next one its shell, but only with a clear word.
        for (let attempt = 0; !sandbox.dead; attempt += 1) {
          const token = `sync-${index}-${attempt}`;
          const { text, outcome, durationMs } = await bash.run(`\\builtin echo ${token}`, { timeoutMs });
          assert.ok(isBounded(durationMs), `${durationMs} ms after ${JSON.stringify(command)}`);
          if (outcome === 'session_lost') {
            counts['lost later'] = (counts['lost later'] ?? 0) + 1;
            assert.match(text, /new one was started|could be started|whole sandbox/);
          }
          const answered = text.includes(token);
          if (outcome === 'ok' && answered) break;
          counts['out of order'] = (counts['out of order'] ?? 0) + (outcome === 'session_lost' ? 0 : 1);
          // The state it left makes plain commands fail: an agent can leave such a shell with `exit` or kill.
          if (attempt > 0) await bash.run('\\builtin kill -9 $$', { timeoutMs });
          assert.ok(attempt < 4, `no sync after ${JSON.stringify(command)}: ${outcome} ${JSON.stringify(text)}`);
        }
        if (sandbox.dead) {
          counts['sandbox ended'] = (counts['sandbox ended'] ?? 0) + 1;
          ({ sandbox, bash } = await fresh());
        }
      }
    } finally {
      await sandbox.kill();
    }
  };
  await Promise.all([worker(0), worker(1), worker(2)]);
  console.log(`# ${JSON.stringify(counts)}`);
  assert.ok((counts['sandbox ended'] ?? 0) <= commandCount / 20, 'a sandbox is hardly ever lost to a command');
});

/** Its time, the whole ladder, and a second for all else: of a machine at rest, see `pace`. */
function isBounded(durationMs: number): boolean {
  const overMs = durationMs - timeoutMs - ladderMs;
  return overMs < 1000 || overMs < 1000 * pace();
}

function hostile(index: number): string {
  const random = xoroshiro128plus(seed + index);
  const pick = (list: readonly string[]): string => list[uniformInt(random, 0, list.length - 1)] ?? '';
  const count = uniformInt(random, 1, 4);
  let command = pick(pieces);
  for (let i = 1; i < count; i += 1) command += pick(joints) + pick(pieces);
  return command;
}
