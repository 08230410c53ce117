import logUpdate from 'log-update';
import pc from 'picocolors';
import { frame, plainLine, type Scene } from './frame.js';

const PLAIN_EVERY_MS = 1_000;

/** Where the demo shows itself: redrawn on a terminal, a line a second elsewhere. */
export interface Screen {
  /** Something that happened once. */
  say(text: string): void;
  show(scene: Scene): void;
  /** Leaves the last picture standing. */
  done(): void;
}

export function terminalScreen(): Screen {
  return {
    say: (text) => console.log(text),
    show: (scene) => logUpdate(`\n${frame(scene, pc).join('\n')}\n`),
    done: () => logUpdate.done(),
  };
}

export function plainScreen(write: (line: string) => void): Screen {
  let next = 0;
  return {
    say: write,
    show(scene) {
      if (Date.now() < next) return;
      next = Date.now() + PLAIN_EVERY_MS;
      write(plainLine(scene));
    },
    done: () => undefined,
  };
}
