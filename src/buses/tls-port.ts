import { connect as reach } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { BytePort, TlsSettings } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { portOf } from './tcp-port.ts';

/**
 * A TCP connection with TLS 1.2 or better on it. The chain and the name of the host are checked, or with `fingerprint` that it is that one certificate:
 * cameras sign theirs themselves. Not a byte is written before. Faults bus.unreachable, http.certificate.
 */
export function openTlsPort(settings: TlsSettings): Promise<BytePort> {
  const { host, port, timeout_ms, signal, ca, fingerprint } = settings;
  return new Promise((resolve, reject) => {
    const pinned = fingerprint !== undefined;
    // A connection of our own below it can be reset; one that TLS made itself could only be left behind.
    const wire = reach({ host, port });
    const fail = (fault: Fault) => {
      signal?.removeEventListener('abort', aborted);
      wire.destroy();
      reject(fault);
    };
    const unreachable = (reason: string) => fail(new Fault('bus.unreachable', { host, port, reason }));
    const aborted = () => unreachable('it is not wanted any more');
    const refused = (error: NodeJS.ErrnoException) =>
      isOfCertificate(error) ? fail(untrusted(error.message)) : unreachable(error.message);
    signal?.addEventListener('abort', aborted, { once: true });
    wire.setTimeout(timeout_ms, () => unreachable(`no connection within ${timeout_ms} ms`));
    wire.on('error', refused);
    wire.once('connect', () => {
      const socket = connect({
        ...{ socket: wire, host },
        minVersion: 'TLSv1.2',
        // With a pinned certificate nothing else proves anything; it is compared below, before the port is handed out.
        rejectUnauthorized: !pinned,
        ...(ca !== undefined && { ca }),
      });
      socket.on('error', refused);
      socket.once('secureConnect', () => {
        const wrong = pinned ? otherThan(fingerprint, socket) : undefined;
        if (wrong) return fail(wrong);
        signal?.removeEventListener('abort', aborted);
        wire.setTimeout(0);
        wire.removeAllListeners('timeout');
        socket.off('error', refused);
        wire.setNoDelay(true);
        const onData: BytePort['onData'] = (listener) =>
          void socket.on('data', (chunk: Buffer) => listener(chunk));
        resolve(portOf(socket, onData, wire));
      });
    });
  });
}

function otherThan(fingerprint: string, socket: TLSSocket): Fault | undefined {
  const shown = socket.getPeerCertificate().fingerprint256 as string | undefined;
  const plain = (text: string) => text.replaceAll(':', '').toLowerCase();
  if (shown !== undefined && plain(shown) === plain(fingerprint)) return undefined;
  return untrusted(
    `its certificate is another one than that of the fingerprint; it shows ${shown ?? 'none'}`,
  );
}

/** The bus puts its name to it. */
const untrusted = (reason: string): Fault => new Fault('http.certificate', { bus: '', reason });

/** What OpenSSL and node say of certificates, and not of networks. */
const isOfCertificate = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|OUT_OF_CERT)/.test(
    code,
  );
