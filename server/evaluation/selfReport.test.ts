import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { selfReportExample, selfReportIn } from './selfReport.ts';

describe('what a program says of itself', () => {
  it('is the last estimate in its output', () => {
    const log = `linear local holdout RMSE=0.5\n[  1.2 s] hist-gb local holdout RMSE=0.41\nlocal holdout RMSE=-3.2e-1\nwrote predictions\n`;
    assert.deepEqual(selfReportIn(log), { value: -0.32, standardError: 0, rows: 1, selfReported: true });
  });

  it('is read from the line that agents are shown as an example', () => {
    assert.equal(selfReportIn(selfReportExample('macro F1'))?.value, 0.1234);
  });

  it('is nothing without a number, or with one that is none', () => {
    assert.equal(selfReportIn('RMSE=0.5'), null);
    assert.equal(
      selfReportIn('local holdout RMSE=0.3\nlocal holdout RMSE=nan'),
      null,
      'an earlier line says nothing of it',
    );
    assert.equal(selfReportIn('(local holdout RMSE = 0.3)')?.value, 0.3);
    assert.equal(selfReportIn('local holdout RMSE=1e999'), null);
    assert.equal(selfReportIn('local holdout RMSE=0.5.1'), null);
    assert.equal(selfReportIn(''), null);
  });
});
