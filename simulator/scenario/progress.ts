/** How far a scenario has come. */
export interface ScenarioProgress {
  name: string;
  steps: { atSeconds: number; act: string; state: 'waiting' | 'done' | 'failed'; reason?: string }[];
}

/** A scenario that is running. */
export interface RunningScenario {
  progress: ScenarioProgress;
  stop(): void;
}
