/** `weir rules`: rule documents as files. Lint them, run their examples through the real engine, print what ships. */
import { Command } from 'commander';
import { createEngine } from '../../processors/engine/engine.ts';
import { type CatalogEntry, loadCatalog, readCatalogFile } from '../../rules/catalog/load-catalog.ts';
import { runExample } from '../../rules/catalog/run-example.ts';

export function rulesCommand(): Command {
  return new Command('rules')
    .description('rule documents as files')
    .addCommand(
      new Command('lint')
        .description('check rule files (default: those that ship)')
        .argument('[file...]')
        .action((files: readonly string[]) => {
          const entries = read(files);
          process.stdout.write(`${entries.length} rules are valid\n`);
        }),
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
