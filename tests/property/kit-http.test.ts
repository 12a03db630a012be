import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  boundaryOf,
  digestAuthorization,
  digestChallenge,
  digestResponse,
  Fault,
  type HttpPart,
  multipartReader,
  passwordDigest,
  readChallenges,
  readXml,
  usernameToken,
  xmlEscaped,
  xmlFind,
  xmlText,
} from '#kit';

const RUNS = process.env.GATELODGE_LONG ? 1_000_000 : 1000;
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

it('makes the login of a SOAP message as the programmer guide of ONVIF shows it (6.1.1.3)', () => {
  const nonce = new Uint8Array(Buffer.from('LKqI6G/AikKCQrN0zqZFlg==', 'base64'));
  const created = '2010-09-16T07:50:45Z';

  const header = usernameToken({ user: 'user & co', password: 'userpassword' }, { nonce, created });

  expect(passwordDigest(nonce, created, 'userpassword')).toBe('tuOSpGlFlIXsozq4HFNeeGeFLEI=');
  const token = xmlFind(readXml(header), 'UsernameToken');
  expect(token?.children.map(({ text }) => text)).toEqual([
    'user & co',
    'tuOSpGlFlIXsozq4HFNeeGeFLEI=',
    'LKqI6G/AikKCQrN0zqZFlg==',
    created,
  ]);
  expect(header).not.toContain('userpassword');
});

describe('digest authentication', () => {
  const use = {
    method: 'GET',
    uri: '/dir/index.html',
    count: 1,
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  };
  const mufasa = { user: 'Mufasa', password: 'Circle of Life' };
  const both =
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", ' +
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

  it('answers as RFC 7616 (3.9.1) shows it, by MD5 and by SHA-256', () => {
    const answers = readChallenges(both).map((one) => {
      const challenge = digestChallenge([one]);
      return challenge && digestResponse(challenge, mufasa, use);
    });

    expect(answers).toEqual([
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
      '8ca523f5e9506fed4657c9700eebdbec',
    ]);
  });

  it('binds the password to the session where the server asks for that (worked out apart by another program)', () => {
    const answers = ['MD5-sess', 'SHA-256-sess'].map((algorithm) => {
      const header = both.slice(0, both.indexOf(', Digest')).replace('SHA-256', algorithm);
      const challenge = digestChallenge(readChallenges(header));
      return challenge && digestResponse(challenge, mufasa, use);
    });

    expect(answers).toEqual([
      'e783283f46242139c486a698fec7211d',
      '2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7',
    ]);
  });

  it('answers as RFC 2617 (3.5) shows it', () => {
    const header =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    const challenge = digestChallenge(readChallenges(header));
    const who = { user: 'Mufasa', password: 'Circle Of Life' };

    const header_value = challenge && digestAuthorization(challenge, who, { ...use, cnonce: '0a4f113b' });

    expect(header_value).toContain('response="6629fae49393a05397450978507c4ef1"');
    expect(header_value).toContain('opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, nc=00000001');
  });

  it('takes the stronger of several challenges, and none that it cannot answer', () => {
    const strongest = digestChallenge(
      readChallenges(`Basic realm="x", Digest nonce="weak", algorithm=MD5, ${both}`),
    );
    const others = ['Basic realm="x"', 'Digest nonce="n", qop="auth-int"', 'Digest nonce="n", algorithm=X'];

    expect(strongest?.hash).toBe('sha256');
    expect(others.map((header) => digestChallenge(readChallenges(header)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(digestChallenge(readChallenges('Digest nonce=abc==, stale=TRUE'))).toMatchObject({
      nonce: 'abc==',
      stale: true,
      qop: false,
    });
  });

  it('never throws, whatever a server sends, and lets nothing of it end the header', () => {
    const word = fc.constantFrom(
      'Digest ',
      'nonce=',
      'realm="',
      '"',
      '\\',
      ',',
      '=',
      'qop=auth',
      '\r\n',
      '__proto__=',
    );
    const header = fc.array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 20 });
    fc.assert(
      fc.property(header, (pieces) => {
        const challenge = digestChallenge(readChallenges(`Digest nonce="n", ${pieces.join('')}`));
        if (challenge) expect(digestAuthorization(challenge, mufasa, use)).not.toMatch(/[\r\n\0]/);
      }),
      { numRuns: RUNS },
    );
  });

  it('gives user and password of basic authentication as UTF-8', () => {
    expect(basicAuthorization({ user: 'test', password: '123£' })).toBe('Basic dGVzdDoxMjPCow==');
  });
});

describe('a multipart stream', () => {
  const read = (boundary: string, pieces: readonly Uint8Array[], body_bytes = 1000) => {
    const parts: (readonly [string, string])[] = [];
    const reader = multipartReader(boundary, { body_bytes });
    const add = ({ headers, body }: HttpPart) =>
      parts.push([headers['content-type'] ?? '', Buffer.from(body).toString('latin1')]);
    try {
      for (const piece of pieces) for (const part of reader.push(piece)) add(part);
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      return { parts, failed: true };
    }
    return { parts, failed: false };
  };
  const STREAM =
    '--b\r\nContent-Type: a\r\nContent-Length: 9\r\n\r\n--b\r\ninne\r\n\r\n' +
    '----b\r\nContent-Type: c\r\n\r\ntwo\r\nlines\r\n--b\r\nContent-Type: d\n\nx\n--b--\r\nrest';

  it('is cut by lengths where they are told, by boundaries where not, and ends with the last one', () => {
    const { parts } = read('--b', [bytes(STREAM)]);

    expect(parts).toEqual([
      ['a', '--b\r\ninne'.slice(0, 9)],
      ['c', 'two\r\nlines'],
      ['d', 'x'],
    ]);
    expect(boundaryOf('multipart/x-mixed-replace; charset=x; boundary="my b"')).toBe('my b');
    expect(boundaryOf('text/html; boundary=x')).toBeUndefined();
  });

  it('gives the same parts and the same fault in any pieces, and throws nothing but faults', () => {
    const scrap = fc.constantFrom(
      '--b',
      '--b--',
      '\r\n',
      '\n',
      '-',
      'Content-Length: 3',
      'Content-Length: 99999999',
      ':',
      'abc',
      'é',
    );
    const text = fc.oneof(
      fc.constant(STREAM),
      fc.array(scrap, { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (whole, sizes) => {
        const pieces: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(bytes(whole.slice(at, at + size)));
          at += size;
        }
        expect(read('b', pieces, 20)).toEqual(read('b', [bytes(whole)], 20));
      }),
      { numRuns: RUNS },
    );
  });

  it('does not grow without bounds when no part ever ends', () => {
    expect(read('b', [bytes(`--b\n\n${'x'.repeat(20_000)}`)]).failed).toBe(true);
    expect(read('b', [bytes('x'.repeat(20_000))]).failed).toBe(true);
  });

  // What is looked at or moved anew with each byte costs hours here.
  it.each([
    ['told', 'Content-length: 1000000\n\n', 'x'],
    ['of one line', '\n', 'x'],
    ['of empty lines', '\n', '\n'],
  ])('takes a part of a million bytes (%s) byte by byte without holding anybody up', (_, head, byte) => {
    const content = byte.repeat(1_000_000);
    const reader = multipartReader('b', { body_bytes: 2_097_152 });

    const parts = [...bytes(`--b\n${head}${content}\n--b\n`)].flatMap((one) => [
      ...reader.push(Uint8Array.of(one)),
    ]);

    expect(parts.map(({ body }) => body.length)).toEqual([1_000_000]);
  });
});

describe('XML of cameras', () => {
  it('is found by its names, whatever prefixes its maker uses', () => {
    const text =
      '<?xml version="1.0"?><!-- x --><s:Envelope xmlns:s="u"><s:Body><trt:Profiles token="P&amp;1"><tt:Name>a &lt; b</tt:Name><e/></trt:Profiles><x><![CDATA[<raw>]]></x></s:Body></s:Envelope>';

    const root = readXml(text);

    expect(xmlText(root, 'Profiles', 'Name')).toBe('a < b');
    expect(xmlFind(root, 'Profiles')?.attributes.token).toBe('P&1');
    expect(xmlText(root, 'x')).toBe('<raw>');
    expect(xmlFind(root, 'nothing')).toBeUndefined();
  });

  it('carries any text there and back', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(xmlText(readXml(`<a>${xmlEscaped(text)}</a>`), 'a')).toBe(text.trim());
      }),
      { numRuns: RUNS },
    );
  });

  // What is tried anew from each of its characters costs minutes here.
  it('is read to its end though a camera sends a name without end', () => {
    const root = readXml(`<a ${'b'.repeat(250_000)} c="1"/>`);

    expect(root.attributes).toEqual({ c: '1' });
  });

  it('throws nothing but faults, and takes no document type, no depth and no length without end', () => {
    const scrap = fc.constantFrom(
      '<a>',
      '</a>',
      '<a/>',
      '<!--',
      '-->',
      '<?',
      '&#0;',
      '&lt;',
      '<![CDATA[',
      ']]>',
      '"',
      '<',
    );
    const text = fc.array(fc.oneof(scrap, fc.string({ maxLength: 3 })), { maxLength: 20 });
    const outcome = (xml: string) => {
      try {
        return readXml(xml).name;
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(text, (pieces) => {
        const made = outcome(pieces.join(''));
        if (typeof made !== 'string') expect(made).toBeInstanceOf(Fault);
      }),
      { numRuns: RUNS },
    );
    const abusive = [
      '<!DOCTYPE a><a/>',
      '<a>'.repeat(100) + '</a>'.repeat(100),
      '<a><b></a></b>',
      '<a></a></a>',
      `<a>${'x'.repeat(300_000)}</a>`,
      '<a/><b/>',
      '',
    ];
    for (const xml of abusive) expect(outcome(xml)).toHaveProperty('code', 'http.bad-message');
  });
});
