import type { Simulation } from '../../simulation.ts';
export function loadNextAsset(_sim: Simulation, _loadId: string): void {}
