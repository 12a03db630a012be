import type { ClockState, Lane, SeqRange, Value } from '../model/index.ts';
import type { AccessListState } from './access-list.ts';

/** The platform's side of the sync contract: the reference receiver. */
export interface ReceiverOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  readonly url: string;
  readonly version?: 4 | 5;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly client_id?: string;
  readonly prefix?: string;
  /** File of what was received (JSON lines); what is in it at the start counts. Without it nothing outlives the process. */
  readonly db?: string;
  /** Folder of the files that gateways send on request; without it they are not stored. */
  readonly files?: string;
}

export interface Receiver {
  view(): ReceiverView;
  verdict(): Verdict;
  /** Rejects when the log cannot be written: from then on nothing is acknowledged. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

export interface ReceiverView {
  readonly connected: boolean;
  /** Why the last connection ended or did not come about; empty when all is well. */
  readonly trouble: string;
  readonly gateways: readonly GatewayView[];
}

export interface GatewayView {
  readonly site: string;
  readonly gateway: string;
  readonly online: boolean;
  readonly connect_id: number;
  readonly records: number;
  readonly devices: readonly DeviceView[];
  /** Health facts as last told. */
  readonly facts: readonly {
    readonly code: string;
    readonly severity: string;
    readonly subject: string;
    readonly evidence: string;
  }[];
  /** The newest files last; undefined: none are stored. */
  readonly files?: readonly ReceivedFile[] | undefined;
  /** The list of credentials as last told; undefined: nothing was told of it. */
  readonly access?: (Omit<AccessListState, 'standing'> & { readonly standing: string }) | undefined;
}

/** A file that a gateway has sent, or begun to. */
export interface ReceivedFile {
  readonly id: string;
  readonly type: string;
  readonly size: number;
  /** First byte that has not come; undefined: it is whole, and its sum is right. */
  readonly missing_from?: number;
}

export interface DeviceView {
  readonly device: string;
  readonly points: readonly PointView[];
}

export interface PointView {
  readonly point: string;
  readonly unit: string;
  readonly value: Value | null;
  readonly quality: string;
  /** Undefined while nobody knows. */
  readonly unix_ms: number | undefined;
  readonly clock: ClockState;
}

/** What can be said of all that was received. */
export interface Verdict {
  /** Nothing is missing, nothing contradicts a digest, nothing was unreadable, and something came at all. */
  readonly whole: boolean;
  readonly records: number;
  readonly duplicates: number;
  readonly nacked: number;
  readonly batches: number;
  /** Messages that are not of the contract. */
  readonly bad: number;
  /** Digests checked, and those that still do not agree. */
  readonly digests: number;
  readonly digest_mismatches: number;
  readonly gateways: readonly GatewayVerdict[];
}

export interface GatewayVerdict {
  readonly gateway: string;
  readonly epochs: readonly {
    readonly epoch: string;
    readonly records: number;
    readonly head: number;
    /** Seqs up to the head that neither came nor were told by a gap record. */
    readonly holes: readonly SeqRange[];
    /** Ranges told by gap records. */
    readonly gaps: readonly SeqRange[];
    /** Per lane: whether ranges and gap records join up from 1 to its own end. */
    readonly lanes: Readonly<Record<Lane, boolean>>;
  }[];
}
