/** `weir rules`: rule documents as files. Lint them, run their examples through the real engine, print what ships. */
import { Command } from 'commander';
import { createEngine } from '../../processors/engine/engine.ts';
import { type CatalogEntry, loadCatalog, readCatalogFile } from '../../rules/catalog/load-catalog.ts';
import { runExample } from '../../rules/catalog/run-example.ts';
import { lintRules } from '../../rules/lint-rules.ts';

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
  return files.length === 0 ? loadCatalog() : files.map(readCatalogFile);
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
