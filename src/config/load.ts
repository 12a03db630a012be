import type { AnyDriver } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { BusBudget } from './budget.ts';
import {
  type CheckedDerived,
  type CheckedDevice,
  type CheckedDoor,
  type CheckedLoad,
  type CheckedRules,
  type CheckedSupply,
  checkSite,
  type DerivedPoints,
  type Secrets,
} from './checks.ts';
import { explain } from './explain.ts';
import { jsonSchema, knownKeys } from './keys.ts';
import { errorAt, type Finding, type Problem } from './problems.ts';
import { type SiteConfig, siteSchema } from './schema.ts';
import { parseSource, type Source } from './source.ts';

/** The drivers a site may name, with those its own profiles add. */
export interface Library {
  readonly ids: readonly string[];
  load(name: string): Promise<AnyDriver>;
}

export interface LoadSettings {
  /** Opens the library with the site's profiles (plain data). */
  readonly library: (profiles: readonly unknown[]) => Promise<Library>;
  /** Text of a file named by the site file, relative to it; undefined when it is not there. */
  readonly readText: (path: string) => string | undefined;
  /** What points a derived device has. */
  readonly derivedPoints: DerivedPoints;
  /** Where secrets are; left out, their references are not followed. */
  readonly secrets?: Secrets;
}

export interface Loaded {
  /** Sorted by line; errors and warnings. */
  readonly problems: readonly Problem[];
  /** Absent when there is an error. */
  readonly site: SiteConfig | undefined;
  readonly devices: readonly CheckedDevice[];
  readonly derived: readonly CheckedDerived[];
  readonly supplies: readonly CheckedSupply[];
  readonly doors: readonly CheckedDoor[];
  readonly rules: CheckedRules;
  readonly loads: readonly CheckedLoad[];
  readonly budgets: readonly BusBudget[];
  /** The site's own driver profiles, parsed. */
  readonly profiles: readonly unknown[];
}

const NOTHING = {
  site: undefined,
  devices: [],
  derived: [],
  supplies: [],
  doors: [],
  rules: { plans: [], schedules: [] },
  loads: [],
  budgets: [],
  profiles: [],
} as const;

/** A site file as text → a site, or everything that is wrong with it at once. Never throws for what is in the text. */
export async function loadSite(text: string, settings: LoadSettings): Promise<Loaded> {
  const source = parseSource(text);
  if (source.syntax.length) return { ...NOTHING, problems: source.syntax };
  const newer = newerVersion(source.data);
  if (newer) return { ...NOTHING, problems: located(source, [newer]) };
  const parsed = siteSchema.safeParse(source.data ?? {});
  if (!parsed.success) {
    const findings = explain(parsed.error.issues, source.data, (path) => knownKeys(jsonSchema(), path));
    return { ...NOTHING, problems: located(source, findings) };
  }

  const site = parsed.data;
  const profiles = await readProfiles(site, settings);
  if (profiles.findings.length) return { ...NOTHING, problems: located(source, profiles.findings) };
  const library = await settings.library(profiles.data);
  const { findings, ...checked } = await checkSite(site, library, {
    secrets: settings.secrets,
    derivedPoints: settings.derivedPoints,
  });
  const problems = located(source, findings);
  const failed = problems.some(({ severity }) => severity === 'error');
  const made = { ...checked, profiles: profiles.data };
  return { problems, site: failed ? undefined : site, ...made };
}

const located = (source: Source, findings: readonly Finding[]): Problem[] =>
  findings.map((finding) => source.locate(finding)).sort((x, y) => x.line - y.line || x.column - y.column);

/** A file of a later version may mean anything: only that is told. */
function newerVersion(data: unknown): Finding | undefined {
  const version = typeof data === 'object' && data !== null && 'version' in data ? data.version : undefined;
  if (typeof version !== 'number' || version <= 1) return undefined;
  return errorAt(
    ['version'],
    `version is ${version}; this Gatelodge reads version 1`,
    'Install the Gatelodge this file was written for; if nothing newer is meant, write version: 1.',
  );
}

/** Each profile is opened by itself, so that a broken one is told in its own line. */
async function readProfiles(site: SiteConfig, { readText, library }: LoadSettings) {
  const findings: Finding[] = [];
  const data: unknown[] = [];
  for (const [index, path] of site.profiles.entries()) {
    const say = (message: string, remedy: string) =>
      findings.push(errorAt(['profiles', index], message, remedy));
    const text = readText(path);
    if (text === undefined) {
      say(`the profile ${path} cannot be read`, 'Check the path; it is relative to the site file.');
      continue;
    }
    const source = parseSource(text);
    const [problem] = source.syntax;
    if (problem) {
      say(`${path}:${problem.line}: ${problem.message}`, problem.remedy);
      continue;
    }
    try {
      await library([...data, source.data]);
      data.push(source.data);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      say(`${path}: ${said}`, 'Mend the profile; see drivers/register-map/README.md.');
    }
  }
  return { findings, data };
}

/** A profile by itself, as plain data. Fault config.profile with line and cause when it is no YAML. */
export function parseProfile(text: string, file: string): unknown {
  const source = parseSource(text);
  const [problem] = source.syntax;
  if (!problem) return source.data;
  throw new Fault('config.profile', { file, reason: `line ${problem.line}: ${problem.message}` });
}
