import { type JsonObject, type Sample, toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryLink } from './memory-links.ts';

/** A driver's session on its own simulator, on a wire of memory. */
export async function sensor(name: string, given: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load(name);
  const options = driver.options.parse(given);
  const far = (await library.simulator(name)).open(options, 2);
  const link = memoryLink(far);
  const starts: number[] = [];
  const call = {
    signal: new AbortController().signal,
    priority: 'poll' as const,
    started: () => void starts.push(link.up),
  };
  // The simulator is of the kind of link that its driver names.
  const session = driver.open(link as never, options);
  const hear = async (count: number): Promise<Sample[]> => {
    const samples: Sample[] = [];
    for await (const heard of session.watch?.(call) ?? []) {
      if ('sample' in heard) samples.push(heard.sample);
      if (samples.length >= count) break;
    }
    return samples;
  };
  const look = async (): Promise<Sample> => {
    if (!session.sample) throw new Error(`${name} speaks by itself`);
    return session.sample(call);
  };
  const act = async (command: string, args: JsonObject = {}) => {
    if (!session.act) throw new Error(`${name} has no commands`);
    return session.act(command, args, call);
  };
  const points = driver.points(options);
  return {
    driver,
    points,
    far,
    link,
    session,
    call,
    hear,
    look,
    act,
    starts,
    sent: () => link.sent.map(toHex),
  };
}
