import { expect, it } from 'vitest';
import { asFault, needPicture } from '#kit';
import { pathAt, readSoap } from '../../drivers/onvif-camera/codec.ts';

const ENVELOPE = (inside: string) =>
  Buffer.from(`<s:Envelope xmlns:s="e"><s:Body><${inside}/></s:Body></s:Envelope>`);
const faultOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return asFault(error);
  }
  return undefined;
};

// Many cameras give the address of their picture with user and password in it, and faults go into records.
it('names no query of an address in a fault: there may be a password in it', () => {
  const path = pathAt('http://10.0.0.9/snap.cgi?user=admin&password=tlJwpbo6', '10.0.0.9', 'refuse');

  const picture = faultOf(() => needPicture({ status: 404, type: '', body: new Uint8Array() }, path));
  const service = faultOf(() => readSoap({ status: 404, type: '', body: Buffer.from('no') }, path));
  const odd = faultOf(() => readSoap({ status: 500, type: '', body: ENVELOPE('x') }, path));

  expect(path).toContain('tlJwpbo6');
  expect([picture, service, odd].map((fault) => fault?.facts.path)).toEqual(Array(3).fill('/snap.cgi'));
});

it('lets no camera fill a record with its words', () => {
  const long = 'x'.repeat(100_000);

  const faults = [
    faultOf(() => needPicture({ status: 404, type: '', body: new Uint8Array() }, `/${long}`)),
    faultOf(() => readSoap({ status: 500, type: '', body: ENVELOPE(long) }, '/')),
    faultOf(() => pathAt(`http://10.0.0.9/${long}`, '10.0.0.9', 'refuse')),
  ];

  expect(faults.map((fault) => fault?.code)).toEqual(['http.status', 'http.status', 'http.bad-message']);
  for (const fault of faults) expect(fault?.message.length).toBeLessThan(400);
});
