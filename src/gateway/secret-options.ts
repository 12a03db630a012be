import { resolveText, type SecretSources } from '../config/index.ts';
import type { AnyDriver } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';

/** Options as the site file gives them, with what their references lead to. Fault config.secret-missing. */
export function resolvedOptions<T>(options: T, sources: SecretSources): T {
  if (typeof options !== 'object' || options === null) return options;
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    typeof value === 'string' ? resolveText(value, sources) : value,
  ]);
  // Only texts were put in place of texts.
  return Object.fromEntries(entries) as T;
}

/** A driver with its options resolved. What leads nowhere is the fault of that device alone: it cannot be opened, and the others run. */
export function withSecrets(
  { driver, options }: { readonly driver: AnyDriver; readonly options: unknown },
  sources: SecretSources,
): { readonly driver: AnyDriver; readonly options: unknown } {
  try {
    return { driver, options: resolvedOptions(options, sources) };
  } catch (error) {
    const open = () => {
      throw asFault(error);
    };
    return { driver: { ...driver, open }, options };
  }
}
