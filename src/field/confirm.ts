import type { Millis } from '../model/index.ts';
import type { Sighting, Survey } from './survey.ts';

/** So often a unit is asked again, in peace. */
const TIMES = 2;
/** After each answer somebody else with the same address has so long to come second. */
const LINGER_MS: Millis = 60;

/** Asks a unit again to hear whether it is alone at its address. */
export async function confirm(survey: Survey, sighting: Sighting): Promise<void> {
  const { unit, setting, pdu, told } = sighting;
  if (told.outcome !== 'answer') return;
  for (let turn = 0; turn < TIMES; turn += 1) {
    const again = await survey.ask({ unit, setting, pdu });
    if (again.outcome === 'answer') sighting.answer_ms = Math.min(sighting.answer_ms, again.answer_ms);
    // Others on this wire answer cleanly, or nothing could have been found here.
    if (again.outcome === 'damaged') sighting.shared = true;
    if (survey.bench.framing === 'rtu') await survey.linger(setting, LINGER_MS);
  }
}
