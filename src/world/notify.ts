import koffi from 'koffi';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
/** MSG_DONTWAIT | MSG_NOSIGNAL: a supervisor that does not read must not hold up a door. */
const AT_ONCE = 0x40 | 0x4000;

/**
 * systemd's notification protocol (sd_notify(3)): datagrams to the unix socket named by NOTIFY_SOCKET.
 * Node has no unix datagram sockets, so libc is asked. Without the variable it does nothing. A failure is ignored: a missing
 * watchdog ping is systemd's to judge.
 */
export function systemdNotifier(address: string | undefined): (text: string) => void {
  if (!address) return () => {};
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'long sendto(int fd, void *buf, size_t len, int flags, void *addr, unsigned int addrlen)',
  );
  const fd: number = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  // A leading @ means the abstract namespace, written as a zero byte.
  const path = Buffer.from(address.replace(/^@/, '\0'));
  const target = Buffer.alloc(2 + path.length);
  target.writeUInt16LE(AF_UNIX, 0);
  path.copy(target, 2);
  return (text) => {
    const bytes = Buffer.from(text);
    sendto(fd, bytes, bytes.length, AT_ONCE, target, target.length);
  };
}
