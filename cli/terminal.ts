/** What a command knows of the terminal it was typed at. */
export interface Terminal {
  environment: NodeJS.ProcessEnv;
  /** What relative paths are relative to. */
  folder: string;
  stdin: AsyncIterable<Buffer | string>;
  write(text: string): void;
  writeError(text: string): void;
  /** Somebody looks on: what was written can be written over. */
  isInteractive: boolean;
  /** Who types: the name of the operating system's user. */
  user: string;
  now(): Date;
}
