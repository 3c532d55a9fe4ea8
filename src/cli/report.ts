/**
 * `weir report`: pages made of reports that were written before, and gates on them.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { markdownPage } from "../report/markdown.ts";
import type { Report } from "../evaluate/report.ts";
import { decideGate } from "../report/gate.ts";
import { commands } from "./commands.ts";
import {
  championOption,
  checkGates,
  readGate,
  readReport,
  type ReportFlags,
  svgFolder,
  withReport,
  writeReports,
} from "./evaluation/options.ts";
import { type CommonOptions, newCommand } from "./options.ts";
import { processOutput, readingInput } from "./output.ts";

/** Adds the command. */
export function reportCommand(program: Command): Command {
  const command = withReport(
    newCommand("report", commands.report.description, [
      "report spam.json --out report.html --out report.md",
      "report monday.json tuesday.json --out week.html",
      "report challenger.json --gate gate.json --champion champion.json",
    ]),
  )
    .argument("<report...>", "reports that eval or compare wrote: .json")
    .addOption(championOption())
    .action(report);
  program.addCommand(command);
  return command;
}

async function report(paths: string[], options: CommonOptions & ReportFlags): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  await readingInput(async () => {
    const held = await readGate(options);
    const reports: Report[] = [];
    for (const path of paths) {
      const read = await readReport(path);
      // A gate that was decided before says nothing of this one.
      const sections = held ? read.sections.filter(({ kind }) => kind !== "gate") : read.sections;
      const gate = held && decideGate(held.gate, read, held.champion);
      const title = paths.length === 1 && options.title !== undefined ? options.title : read.title;
      reports.push({ ...read, title, sections: gate ? [gate, ...sections] : sections });
    }
    await writeReports(reports.length === 1 ? reports[0] : reports, options.out, output);
    for (const [i, one] of reports.entries()) {
      if (options.svg === undefined) break;
      await svgFolder(one, reports.length === 1 ? options.svg : join(options.svg, String(i + 1)), output);
    }
    output.result(
      reports.length === 1 ? reports[0] : reports,
      options.out.length > 0 ? "" : reports.map((one) => markdownPage(one)).join("\n\n"),
    );
    if (held) checkGates(reports);
  });
}
