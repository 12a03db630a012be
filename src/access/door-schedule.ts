import type { Schedule, Schedules } from './schedule.ts';
import type { AccessTime } from './time.ts';

/** What the schedule of a door says now: while nobody knows the time, nothing begins, and what goes on goes on. */
export function doorSchedule(
  schedule: Schedule,
  schedules: Schedules,
  { unix_ms, known }: AccessTime,
): 'unlock' | 'lock' | 'unknown' {
  if (!known) return 'unknown';
  return schedules.holds(schedule, unix_ms) ? 'unlock' : 'lock';
}
