import { z } from 'zod';
import type { AnyDriver } from '../contracts/index.ts';
import type { BusBudget } from './budget.ts';
import { type CheckedDevice, checkSite } from './checks.ts';
import { explain } from './explain.ts';
import { errorAt, type Path, type Problem } from './problems.ts';
import { type SiteConfig, siteSchema } from './schema.ts';
import { parseSource } from './source.ts';

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
}

export interface Loaded {
  /** Sorted by line; errors and warnings. */
  readonly problems: readonly Problem[];
  /** Absent when there is an error. */
  readonly site: SiteConfig | undefined;
  readonly devices: readonly CheckedDevice[];
  readonly budgets: readonly BusBudget[];
  /** The site's own driver profiles, parsed. */
  readonly profiles: readonly unknown[];
}

const NOTHING = { site: undefined, devices: [], budgets: [], profiles: [] } as const;

/** A site file as text → a site, or everything that is wrong with it at once. Never throws for what is in the text. */
export async function loadSite(text: string, settings: LoadSettings): Promise<Loaded> {
  const source = parseSource(text);
  if (source.syntax.length) return { ...NOTHING, problems: source.syntax };
  const locate = (findings: Parameters<typeof source.locate>[0][]) =>
    findings.map((finding) => source.locate(finding)).sort((x, y) => x.line - y.line || x.column - y.column);
  const parsed = siteSchema.safeParse(source.data ?? {});
  if (!parsed.success)
    return { ...NOTHING, problems: locate(explain(parsed.error.issues, source.data, knownKeys)) };

  const site = parsed.data;
  const profiles = site.profiles.map((path, index) => readProfile(path, index, settings));
  const broken = profiles.flatMap((profile) => ('finding' in profile ? [profile.finding] : []));
  if (broken.length) return { ...NOTHING, problems: locate(broken) };
  const data = profiles.flatMap((profile) => ('data' in profile ? [profile.data] : []));
  try {
    const library = await settings.library(data);
    const { findings, devices, budgets } = await checkSite(site, (name) => library.load(name), library.ids);
    const problems = locate([...findings]);
    const failed = problems.some(({ severity }) => severity === 'error');
    return { problems, site: failed ? undefined : site, devices, budgets, profiles: data };
  } catch (error) {
    // A profile that does not hold is found when the library opens.
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...NOTHING,
      problems: locate([
        errorAt(['profiles'], message, 'Mend the profile; see drivers/register-map/README.md.'),
      ]),
    };
  }
}

function readProfile(path: string, index: number, { readText }: LoadSettings) {
  const at = ['profiles', index];
  const text = readText(path);
  if (text === undefined) {
    return {
      finding: errorAt(
        at,
        `the profile ${path} cannot be read`,
        'Check the path; it is relative to the site file.',
      ),
    };
  }
  const source = parseSource(text);
  const [problem] = source.syntax;
  if (problem) return { finding: errorAt(at, `${path}:${problem.line}: ${problem.message}`, problem.remedy) };
  return { data: source.data };
}

/** Plain data of a YAML text, for tools that read other files of the site. Throws with line and cause. */
export function parseYaml(text: string): unknown {
  const source = parseSource(text);
  const [problem] = source.syntax;
  if (problem) throw new Error(`line ${problem.line}: ${problem.message}`);
  return source.data;
}

/** Keys that are known at a place; with a last step `=tag`, the values of that tag. */
function knownKeys(path: Path): readonly string[] {
  let schemas: readonly z.core.JSONSchema.BaseSchema[] = [jsonSchema()];
  for (const step of path) {
    if (typeof step === 'string' && step.startsWith('=')) return tagsOf(schemas, step.slice(1));
    schemas = schemas.flatMap((schema) => childrenOf(schema, step));
  }
  return [
    ...new Set(
      schemas.flatMap((schema) =>
        alternatives(schema).flatMap(({ properties }) => Object.keys(properties ?? {})),
      ),
    ),
  ];
}

type Json = z.core.JSONSchema.BaseSchema;

const alternatives = (schema: Json): Json[] => [schema, ...((schema.oneOf ?? schema.anyOf ?? []) as Json[])];

function childrenOf(schema: Json, step: string | number): Json[] {
  return alternatives(schema).flatMap((one) => {
    if (typeof step === 'number') return one.items && !Array.isArray(one.items) ? [one.items as Json] : [];
    const child = one.properties?.[step] ?? one.additionalProperties;
    return child && typeof child === 'object' ? [child as Json] : [];
  });
}

function tagsOf(schemas: readonly Json[], tag: string): readonly string[] {
  const steps = tag === 'type' ? schemas : schemas.flatMap((schema) => childrenOf(schema, tag));
  return [
    ...new Set(
      steps.flatMap(alternatives).flatMap(({ properties }) => {
        const value = properties?.[tag];
        return typeof value === 'object' && value.const !== undefined ? [String(value.const)] : [];
      }),
    ),
  ];
}

let made: Json | undefined;
/** The schema for editors (JSON Schema 2020-12). */
export function jsonSchema(): Json {
  made ??= z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' });
  return made;
}
