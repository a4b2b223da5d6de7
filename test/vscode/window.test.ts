/** The page objects against VS Code's own parts: where a newer VS Code has moved something, this says so first. */
import assert from 'node:assert/strict';
import { scenario } from './scenario.ts';

const files = {
  'notes/first.md': '# First\n\none\ntwo\n',
  'notes/second.md': '# Second\n\none\nthree\n',
};

scenario(
  'trees, lists, editors and comparisons of the window are driven as a person does',
  { files },
  async (stage) => {
    const { vscode } = stage;
    const explorer = vscode.tree('Files Explorer');
    await explorer.expand('notes');
    const rows = await explorer.has('both notes are shown', (all) => all.length === 3);
    assert.deepEqual(
      rows.map(({ label, level, isExpanded }) => ({ label, level, isExpanded })),
      [
        { label: 'notes', level: 1, isExpanded: true },
        { label: 'first.md', level: 2, isExpanded: null },
        { label: 'second.md', level: 2, isExpanded: null },
      ],
    );
    const menu = await explorer.menu('first.md');
    assert.ok((await menu.entries()).includes('Select for Compare'));
    await explorer.choose('first.md', 'Select for Compare');
    await explorer.choose('second.md', 'Compare with Selected');
    const { original, modified } = await vscode.editors.diff();
    assert.match(original, /# First[\s\S]*two/);
    assert.match(modified, /# Second[\s\S]*three/);
    await vscode.editors.close(/first\.md/);

    await explorer.open('first.md');
    await vscode.editors.hasText('two');
    await vscode.editors.replaceText('changed by hand');
    await vscode.editors.hasText('changed by hand');
    await vscode.editors.save();
    assert.equal(await vscode.editors.text(), 'changed by hand');
    await explorer.collapse('notes');
    await explorer.has('only the folder is shown', (all) => all.length === 1);

    await vscode.palette.run('Change Language Mode');
    await vscode.quickInput.opened('Select Language Mode');
    await vscode.quickInput.type('Python');
    await vscode.quickInput.pick(/^Python/);
    await vscode.quickInput.closed();
    await vscode.statusBar.item('Python').waitFor();
    assert.ok((await vscode.palette.offers('Developer: Reload')).includes('Developer: Reload Window'));
  },
);

scenario(
  'a panel is found by its title, and comes back when the window is reloaded and opened anew',
  {},
  async ({ vscode }) => {
    await vscode.openContainer('AIRA2');
    await vscode.palette.run('AIRA2: Start Run with All Options…');
    const button = async () => (await vscode.webviews.panel('Start Run')).getByRole('button', { name: 'Start Run' });
    await (await button()).waitFor();
    await vscode.reload();
    await (await button()).waitFor();
    await vscode.reopen();
    await (await button()).waitFor();
  },
);
