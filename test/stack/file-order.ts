import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** How many other files come between two of the slow ones. */
const BETWEEN = 7;

/**
 * Deals the slow files, those of the whole system, out among the others: never all at once, for they need the machine,
 * and never one alone at the end, while the other processes have nothing left to do.
 */
export class SlowFilesSpread extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean =>
      relative(this.ctx.config.root, moduleId).startsWith('test/system/');
    const others = sorted.filter((file) => !isSlow(file));
    const dealt = sorted.filter(isSlow).flatMap((slow) => [slow, ...others.splice(0, BETWEEN)]);
    return [...dealt, ...others];
  }
}
