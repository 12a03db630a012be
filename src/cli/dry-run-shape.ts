import { z } from 'zod';

const text = (about: string) => z.string().describe(about);
const number = (about: string) => z.number().describe(about);
const flag = (about: string) => z.boolean().describe(about);

/** What is wrong with a file that a person has written. */
export const problems = z.array(
  z.looseObject({
    severity: z.enum(['error', 'warning']).describe('An error keeps the file from being accepted'),
    path: text('The place in the file, entries of lists by their id; empty: the file itself'),
    message: text('What is wrong'),
    remedy: text('What to do'),
    line: number('Line, from 1'),
    column: number('Column, from 1'),
  }),
);

/** What `check --dry-run --json` prints. */
export const dryRun = z.looseObject({
  ok: flag('The file of events is accepted, and all that it expects holds'),
  problems: problems.describe('What is wrong with the file of events'),
  time_zone: text('Of the site'),
  timeline: z
    .array(
      z.looseObject({
        at_ms: number('After the beginning'),
        local: text('By the clocks of the site'),
        type: z
          .enum(['came', 'schedule', 'turned', 'began', 'ended', 'told', 'held-back', 'stops', 'expected'])
          .describe(
            'What came, a schedule that begins or ends, a condition that turned, a rule that began or ended, a command, one that was held back, the end of the gateway, what is expected',
          ),
        line: number('In the file of events: came, expected').optional(),
        act: z.looseObject({ type: text('As in the file') }).optional(),
        schedule: text('Which').optional(),
        rule: text('Id of the rule').optional(),
        subject: text('What it is about').optional(),
        part: text('Which part of it').optional(),
        truth: z.enum(['yes', 'no', 'unknown']).describe('Of a schedule, or of all a rule asks').optional(),
        stands: flag('Of what turned: the rule has begun and is not over').optional(),
        due_local: text('It begins or ends then, if all stays so').optional(),
        conditions: z
          .array(
            z.looseObject({
              condition: z.looseObject({ type: text('As of `rules` of check') }),
              truth: z.enum(['yes', 'no', 'unknown']).describe('Whether it is so'),
              value: z.json().describe('What showed it last').optional(),
            }),
          )
          .optional(),
        alarm: z
          .looseObject({
            severity: z.enum(['info', 'warning', 'critical']).describe('How bad'),
            message: text('For people'),
          })
          .describe('began raises it, ended clears it')
          .optional(),
        lasted_ms: number('For so long it stood').optional(),
        phase: z.enum(['begin', 'end']).describe('Of a command').optional(),
        target: text('What is told').optional(),
        command: text('Its command').optional(),
        args: z.record(z.string(), z.json()).describe('Its arguments').optional(),
        until_local: text('Held back: it acts then all the same').optional(),
        wish: z.looseObject({ type: text('As in the file') }).optional(),
        holds: flag('What is expected is so').optional(),
        found: text('How it is').optional(),
      }),
    )
    .describe('In the order of time; empty when the file is not accepted'),
});
