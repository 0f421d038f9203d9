/** What users want at this moment: the triggers they wrote, those they deleted, and the definitions as they stand. */
import type { WantedTrigger } from "./expected.ts";
import { placeText } from "./judge.ts";
import { FIRST_STATE, type PlatformState } from "./platform.ts";

export class Wanted {
  readonly #triggers = new Map<string, WantedTrigger>();
  /** The last edit of each place, also of those that were deleted. */
  readonly #edits = new Map<string, number>();
  state: PlatformState = FIRST_STATE;

  /** The number of the next edit at a place. */
  nextEdit(trigger: Pick<WantedTrigger, "type" | "namespace" | "name">): number {
    const place = placeText(trigger);
    const edit = (this.#edits.get(place) ?? 0) + 1;
    this.#edits.set(place, edit);
    return edit;
  }

  /** The API server accepted it. */
  put(trigger: WantedTrigger): void {
    this.#triggers.set(placeText(trigger), trigger);
  }

  remove(trigger: WantedTrigger): void {
    this.#triggers.delete(placeText(trigger));
  }

  get(place: string): WantedTrigger | undefined {
    return this.#triggers.get(place);
  }

  get all(): readonly WantedTrigger[] {
    return [...this.#triggers.values()];
  }
}
