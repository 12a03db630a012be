// What a frame costs: `decode` of every frame a driver's vectors hold, `encode` of every command, in one process. The ratio is against copying
// the same bytes into a new array, the least that anything can do with them.
import { readFileSync } from 'node:fs';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const { openLibrary } = await import(new URL('drivers/index.js', dist).href);

const WARM = 2000;
const TIMES = 20_000;

export async function run() {
  const library = await openLibrary();
  const figures = {};
  const decodes = [];
  const encodes = [];
  for (const id of library.ids) {
    const driver = await library.load(id);
    const rows = JSON.parse(
      readFileSync(new URL(`../../drivers/${id}/vectors.json`, import.meta.url), 'utf8'),
    );
    const frames = rows.filter(({ hex, fault, edges, sets }) => hex && !fault && !edges && !sets);
    const jobs = {
      decode: frames.flatMap((row) => decodeJob(driver, row)),
      encode: frames.flatMap((row) => encodeJob(driver, row)),
    };
    const decode = cost(jobs.decode);
    const encode = cost(jobs.encode);
    if (decode !== undefined) decodes.push(decode);
    if (encode !== undefined) encodes.push(encode);
    figures[`${id}: decode, encode, µs a frame`] = [decode, encode]
      .map((one) => one?.toFixed(2) ?? '–')
      .join(', ');
  }
  const copies = cost([() => Uint8Array.from(FRAME)]);
  return {
    name: `codecs of ${library.ids.length} drivers`,
    figures: {
      ...figures,
      'median decode, µs': median(decodes),
      'dearest decode, µs': Math.max(...decodes),
      'median encode, µs': median(encodes),
      'dearest encode, µs': Math.max(...encodes),
    },
    ratios: { 'median decode / copying a frame of 32 bytes': { value: median(decodes) / copies } },
  };
}

const FRAME = new Uint8Array(32);
const bytesOf = (text) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const median = (numbers) => numbers.toSorted((x, y) => x - y)[numbers.length >> 1];

function decodeJob(driver, { hex, request, options }) {
  const parsed = driver.options.safeParse(options ?? {});
  const bytes = bytesOf(hex);
  const question = request && bytesOf(request);
  return parsed.success && bytes.length > 0 ? [() => driver.decode(bytes, parsed.data, question)] : [];
}

function encodeJob(driver, { command, args = {}, options }) {
  const parsed = driver.options.safeParse(options ?? {});
  if (command === undefined || !driver.encode || !parsed.success) return [];
  return [() => driver.encode(command, args, parsed.data, driver.wire.unit ?? 1)];
}

/** Mean µs of the jobs, taken in turns. */
function cost(jobs) {
  if (jobs.length === 0) return undefined;
  let kept;
  const round = (times) => {
    for (let time = 0; time < times; time += 1) kept = jobs[time % jobs.length]();
  };
  round(WARM);
  const began = performance.now();
  round(TIMES);
  const ms = performance.now() - began;
  if (kept === began) throw new Error('nothing was made');
  return (ms * 1000) / TIMES;
}
