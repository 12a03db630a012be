import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

const md5 = (...parts: readonly string[]) => createHash('md5').update(parts.join(':')).digest('hex');

/**
 * A camera on loopback by Node's own HTTP server: it gives its picture at one path to who proves by digest (RFC 7616, MD5, qop=auth) that he
 * knows the password, and is silent on its stream of events.
 */
export async function digestCamera(camera: {
  readonly user: string;
  readonly password: string;
  readonly path: string;
  readonly picture: Uint8Array;
}) {
  const { user, password, path, picture } = camera;
  const nonces = new Set<string>();
  const counts = { refused: 0, given: 0 };
  const proves = (header: string, method: string): boolean => {
    const said = Object.fromEntries(
      [...header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]*))/g)].map(([, name = '', quoted, plain]) => [
        name,
        quoted ?? plain ?? '',
      ]),
    );
    const { nonce = '', nc = '', cnonce = '', qop = '', uri = '', response } = said;
    const ha1 = md5(user, 'camera', password);
    return nonces.has(nonce) && response === md5(ha1, nonce, nc, cnonce, qop, md5(method, uri));
  };
  const server = createServer((request, response) => {
    if (!proves(request.headers.authorization ?? '', request.method ?? '')) {
      counts.refused += 1;
      const nonce = randomBytes(8).toString('hex');
      nonces.add(nonce);
      const challenge = `Digest realm="camera", qop="auth", algorithm=MD5, nonce="${nonce}"`;
      response.writeHead(401, { 'WWW-Authenticate': challenge, 'Content-Length': 0 }).end();
    } else if (request.url === path) {
      counts.given += 1;
      response
        .writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': picture.length })
        .end(picture);
    } else if (request.url?.includes('alertStream')) {
      response.writeHead(200, { 'Content-Type': 'multipart/mixed; boundary=boundary' }).flushHeaders();
    } else response.writeHead(404, { 'Content-Length': 0 }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, counts };
}
