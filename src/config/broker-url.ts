import { nearest } from '../model/index.ts';

/** `mqtt://host[:port]` or `mqtts://host[:port]`, or a reference that leads to one. */
export const BROKER_URL =
  /^(mqtts?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?|\$\{(env|file):[^}]+\})$/;

const SCHEMES = ['mqtt', 'mqtts'] as const;

/** Why no broker can be reached by this, never with the text itself (a password may stand in it); undefined when it is good. */
export function wrongUrl(url: string): { readonly message: string; readonly remedy: string } | undefined {
  const good = 'Write mqtts://host:8883, or mqtt://host:1883 without TLS.';
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(url) ?? [];
  if (scheme === undefined) {
    const host = /^[A-Za-z0-9._-]+(:\d+)?$/.test(url);
    return {
      message: 'url has no scheme; mqtt:// or mqtts:// is expected',
      remedy: host ? `Did you mean mqtts://${url}?` : good,
    };
  }
  if (!SCHEMES.some((known) => known === scheme)) {
    const close = nearest(scheme, SCHEMES);
    return {
      message: `url begins with ${scheme}://; mqtt:// or mqtts:// is expected`,
      remedy: close ? `Did you mean ${close}://?` : good,
    };
  }
  if (rest.includes('@')) {
    return {
      message: 'url holds a user name or a password',
      remedy: `Put them into username and password; the password as a reference (\${file:PATH}).`,
    };
  }
  const port = /:(\d+)\/?$/.exec(rest)?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return { message: `the port of url is ${port}; 1 to 65535 is expected`, remedy: good };
  if (/[/?#]./.test(rest))
    return { message: 'url goes on behind host and port', remedy: `${good} Topics are set by prefix.` };
  return BROKER_URL.test(url)
    ? undefined
    : { message: 'url has no host, or one with letters that no host has', remedy: good };
}
