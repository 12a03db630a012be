import { z } from 'zod';
import { boot, clock, connectId, EXAMPLE, epoch, gateway, known, up, v } from './words.ts';

export const statusSchema = z
  .looseObject({
    v,
    gateway,
    state: known('online', 'offline'),
    connect_id: connectId,
    uplink: z
      .string()
      .optional()
      .describe(
        'Name of this uplink at the gateway: gap records that do not name it are not about this platform.',
      ),
    reason: z.string().optional().describe('Why it is offline: `lost` (the will) or `stopped`.'),
    contract: z
      .looseObject({ version: z.int(), min: z.int() })
      .describe('The version spoken here, and the oldest that is still served.'),
    ack: known('platform', 'broker')
      .optional()
      .describe(
        'Whose word lets the gateway forget: the ack of the platform, or (the weaker promise) the PUBACK of the broker.',
      ),
    versions: z.record(z.string(), z.string()).describe('Of what runs there.'),
    epoch,
    boot,
    clock,
  })
  .describe(
    'Presence of the gateway, retained; also its will. Offline is true only when its connect_id is the highest seen.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        state: 'online',
        connect_id: 12,
        uplink: 'town',
        contract: { version: 1, min: 1 },
        ack: 'platform',
        versions: { gatelodge: '0.1.0', node: '20.19.0' },
        epoch: EXAMPLE.epoch,
        boot: EXAMPLE.boot,
        clock: 'synced',
      },
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        state: 'offline',
        reason: 'lost',
        connect_id: 12,
        uplink: 'town',
        contract: { version: 1, min: 1 },
        versions: { gatelodge: '0.1.0' },
        epoch: EXAMPLE.epoch,
        boot: EXAMPLE.boot,
        clock: 'unsynced',
      },
    ],
  });

export const beatSchema = z
  .looseObject({
    v,
    connect_id: connectId,
    boot,
    up,
    nonce: z.string().min(16).describe('Random; new with every beat.'),
  })
  .describe(
    'Sign of life. A command names the nonce of a recent beat of this connection, so that an old command dies.',
  )
  .meta({
    examples: [
      {
        v: 1,
        connect_id: 12,
        boot: EXAMPLE.boot,
        up: 864210.5,
        nonce: EXAMPLE.nonce,
      },
    ],
  });
