import type { Value } from '#kit';
import type { ControllerEvent, Message, Status } from './codec.ts';

/** What a status tells of the doors that there are. */
export function statusPoints(status: Status, doors: number): Record<string, Value> {
  const points: Record<string, Value> = {};
  for (let door = 1; door <= doors; door += 1) {
    points[`door-${door}`] = status.open[door - 1] ?? false;
    points[`button-${door}`] = status.buttons[door - 1] ?? false;
    points[`unlocked-${door}`] = status.unlocked[door - 1] ?? false;
  }
  return { ...points, fire: status.fire, 'forced-lock': status.forced_lock, error: status.error };
}

/** One line for what a controller says. */
export function describeMessage(said: Message): string {
  const who = `controller ${said.serial}`;
  switch (said.kind) {
    case 'controller': {
      const { ip, mask, mac, firmware, date } = said.controller;
      return `${who} is at ${ip}/${mask}, ${mac}, firmware ${firmware} of ${date ?? 'no date'}`;
    }
    case 'status':
      return said.status.event ? `newest ${eventText(said.status.event)}` : `${who} has no event`;
    case 'event':
      if (said.event) return eventText(said.event);
      return said.overwritten ? `${who} has overwritten that event` : `${who} has no such event`;
    case 'position':
      return `events of ${who} are known up to ${said.index}`;
    case 'listener':
      return `${who} sends events to ${said.host}:${said.port}`;
    case 'door-control': {
      const { door, mode, delay_s } = said.control;
      return `door ${door} of ${who} is ${mode}, unlocked for ${delay_s} s when opened`;
    }
    default:
      return `${who} ${said.ok ? 'agrees to' : 'refuses'} ${said.to}`;
  }
}

function eventText({ index, door, card, at, reason }: ControllerEvent): string {
  const where = door ? ` at door ${door}` : '';
  const who = card ? `, card ${card}` : '';
  return `event ${index}: ${reason.name}${where}${who}, ${at ?? 'no time'}`;
}
