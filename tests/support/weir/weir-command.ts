/** Runs a command of the compiled CLI against a Weir under test. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WeirUnderTest } from './weir.ts';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const OUTPUT_BYTES_MAX = 16 * 1_048_576;

/** Resolves with standard output; rejects, with both outputs in the message, when the command fails. */
export async function runWeirCommand(weir: WeirUnderTest, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
      env: { ...process.env, WEIR_DATA_DIR: weir.dataDir },
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return stdout;
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    throw new Error(`${String(error)}\n${stdout}`, { cause: error });
  }
}
