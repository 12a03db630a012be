/** A serial port of this machine: a USB adapter, or one that is built in. */
export interface Adapter {
  /** As the kernel counts it, which changes with the order of plugging: /dev/ttyUSB0. */
  readonly port: string;
  /** The socket it is plugged into; stays. Undefined for a port that is not on USB, or where udev makes no such names. */
  readonly by_path?: string;
  readonly by_id?: string;
  /** Kernel driver: ch341, ftdi_sio, cdc_acm, … */
  readonly driver?: string;
  readonly usb?: {
    /** Four hex digits each. */
    readonly vendor: string;
    readonly product: string;
    /** What it says of itself. */
    readonly name?: string;
    readonly serial?: string;
  };
  /** Ports of other adapters that say the very same of themselves: a by-id name stands for any one of them. */
  readonly twins: readonly string[];
}
