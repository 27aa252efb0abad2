/** The reasons of a decision or alert, from the four arrays of its row. */
import type { Reason } from '../../core/outcomes/outcome.ts';
import { type Row, readNumbers, readTexts } from '../row.ts';

export const REASON_SELECT = 'reason_rule_ids, reason_rule_versions, reason_codes, reason_messages';

export function readReasons(row: Row): Reason[] {
  const ruleVersions = readNumbers(row, 'reason_rule_versions');
  const codes = readTexts(row, 'reason_codes');
  const messages = readTexts(row, 'reason_messages');
  return readTexts(row, 'reason_rule_ids').map((ruleId, i) => ({
    ruleId,
    ruleVersion: ruleVersions[i] ?? 0,
    code: codes[i] ?? '',
    message: messages[i] ?? '',
  }));
}
