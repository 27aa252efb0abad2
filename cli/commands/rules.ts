/** `weir rules`: rule documents as files. Lint them, run their examples through the real engine, print what ships. */
import { userInfo } from 'node:os';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import pino, { type Logger } from 'pino';
import { parseConfig } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import { createEngine } from '../../processors/engine/engine.ts';
import { fillFromHistory } from '../../processors/warm/fill-from-history.ts';
import { type CatalogEntry, loadCatalog, readRuleFile } from '../../rules/catalog/load-catalog.ts';
import { runExample } from '../../rules/catalog/run-example.ts';
import { lintRules } from '../../rules/lint-rules.ts';
import { openStore, type Store } from '../../storage/open-store.ts';
import { connectStream, type StreamConnection } from '../../stream/connection.ts';
import { activateRules, type ColdRules, type FillWindows } from '../../stream/rules/activate-rules.ts';
import { chooseEngineSettings } from '../../stream/rules/engine-settings.ts';
import type { Parts } from '../parts.ts';
import { formatCoverage } from './format-coverage.ts';
import { findRunning } from './running.ts';

export function rulesCommand(): Command {
  return new Command('rules')
    .description('rule documents as files')
    .addCommand(
      new Command('lint')
        .description(
          'say what keeps rules from going live, what looks like a mistake, and what each costs (default: those that ship)',
        )
        .argument('[file...]')
        .action((files: readonly string[]) => lint(read(files))),
    )
    .addCommand(
      new Command('test')
        .description('run the examples of rule files through the engine (default: those that ship)')
        .argument('[file...]')
        .action((files: readonly string[]) => test(read(files))),
    )
    .addCommand(
      new Command('import')
        .description(
          'check rule files, fill the windows they add from history, and make them the live rules, all of them together, without a deploy',
        )
        .argument('<file...>')
        .option('--author <name>', 'who activates them', userInfo().username)
        .option('--comment <text>', 'why', '')
        .option('--cold', 'do not fill: windows that the rules add count from now on', false)
        .action((files: readonly string[], options: ImportOptions) => importRules(read(files), options)),
    )
    .addCommand(
      new Command('export').description('print the rules that ship as one JSON array').action(() => {
        process.stdout.write(
          `${JSON.stringify(
            read([]).map(({ document }) => document),
            null,
            2,
          )}\n`,
        );
      }),
    );
}

function read(files: readonly string[]): CatalogEntry[] {
  return files.length === 0 ? loadCatalog() : files.flatMap(readRuleFile);
}

interface ImportOptions {
  readonly author: string;
  readonly comment: string;
  readonly cold: boolean;
}

async function importRules(entries: readonly CatalogEntry[], { author, comment, cold }: ImportOptions): Promise<void> {
  const documents = entries.map(({ document }) => document);
  if (!lintRules(documents).ok) {
    lint(entries);
    return;
  }
  const config = parseConfig(process.env);
  const log = pino({ level: 'silent' });
  const { parts } = findRunning(config);
  const connection = await connectStream({ ...parts.nats, name: 'weir-cli', log });
  try {
    const settings = await chooseEngineSettings(connection, config);
    const activation = { documents, settings, author, comment };
    const fill: FillWindows = (rules) => fillWithBar(parts, connection, rules, log);
    const result = await activateRules(connection, config, log, activation, cold ? undefined : fill);
    const { version, position } = result;
    if (result.state === 'refused')
      throw new WeirError('rule.invalid', `rule set ${version} is not live, it was refused: ${result.reason}`);
    if (result.state === 'pending')
      throw new WeirError(
        'part.not_ready',
        `rule set ${version} stands at position ${position} of the log, but no processor has come to it: it goes live, or is quarantined, when one does`,
      );
    process.stdout.write(
      `${documents.length} rules are rule set ${version}, live from position ${position} of the log\n`,
    );
    if (result.coverage !== undefined) process.stdout.write(formatCoverage(result.coverage));
  } finally {
    await connection.close();
  }
}

async function fillWithBar(parts: Parts, connection: StreamConnection, cold: ColdRules, log: Logger): Promise<void> {
  const bar = new SingleBar({
    format: 'filling windows: {value} events read',
    clearOnComplete: true,
    noTTYOutput: true,
  });
  let store: Store | undefined;
  bar.start(0, 0);
  try {
    const open = async (): Promise<Store> => {
      store = await openStore({ ...parts.store, log });
      return store;
    };
    const history = { connection, openStore: open, onProgress: (events: number) => bar.update(events) };
    await fillFromHistory(history, cold);
  } finally {
    bar.stop();
    await store?.close();
  }
}

function lint(entries: readonly CatalogEntry[]): void {
  const { ok, problems, costNs } = lintRules(entries.map(({ document }) => document));
  for (const { severity, code, pointer, message } of problems) {
    const [, index = '', rest = ''] = /^\/(\d+)(.*)$/.exec(pointer) ?? [];
    process.stdout.write(`${entries[Number(index)]?.file ?? ''}: ${severity} ${code} at "${rest}": ${message}\n`);
  }
  for (const { document } of entries) {
    process.stdout.write(`${document.id}: at most ${Math.round(costNs[document.id] ?? 0)} ns an event\n`);
  }
  process.stdout.write(ok ? `${entries.length} rules may go live\n` : 'these rules may not go live\n');
  if (!ok) process.exitCode = 1;
}

function test(entries: readonly CatalogEntry[]): void {
  let failed = 0;
  for (const { document, examples } of entries) {
    for (const example of examples) {
      const { passed } = runExample(document, example, createEngine());
      if (!passed) failed++;
      process.stdout.write(`${passed ? 'ok  ' : 'BAD '} ${document.id}: ${example.name}\n`);
    }
  }
  if (failed > 0) process.exitCode = 1;
}
