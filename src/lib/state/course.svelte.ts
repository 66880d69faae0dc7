import { count, duration } from '#lib/base/format.ts';
import { embedder } from '#lib/workers/clients.ts';
import type { CourseStatus } from '#lib/workers/course-proxy.ts';
import { lasting } from '#lib/base/remote.ts';

/** The text that stands for a course's key; the proxy puts the real one in its place. */
const COURSE_TOKEN = '<OPENAI_API_TOKEN>';

/** A course's proxy, as it describes itself. */
class Course {
  #status = $state.raw<CourseStatus | null>(null);
  /** The address the embedding worker was given; it has to be given again to one that was started anew. */
  #given: string | undefined;

  /** Why a model can't be had from it, to follow the model's name; null when it can, or nobody knows. */
  missing(model: string): string | null {
    const status = this.#status;
    if (status && !status.ready) {
      return 'needs the course’s proxy, which has no key of its own yet. Tell whoever runs the course; until then, Built-in or a key of your own works.';
    }
    if (status && status.models.length > 0 && !status.models.includes(model)) {
      return 'is not among the models of the course’s proxy. Choose another.';
    }
    return null;
  }

  /** Tokens left to the shared token today; null when that is not known. */
  get tokensLeft(): number | null {
    const left = this.#status?.left;
    return left && left.resetAt > Date.now() ? left.tokens : null;
  }

  /** What is left, as a sentence; null when that is not known. */
  get leftWords(): string | null {
    const { tokensLeft } = this;
    if (tokensLeft === null || !this.#status?.ready) return null;
    const hours = duration((this.#status.left!.resetAt - Date.now()) / 1000);
    return `This shared token has ${count(tokensLeft)} tokens left today; they are counted anew in ${hours}.`;
  }

  /** Gives the embedding worker the proxy's address, and listens to what the proxy says. */
  async connect(proxyUrl: string): Promise<void> {
    // One that did not answer, or could not serve, may be able to by now.
    if (this.#given === proxyUrl && this.#status?.ready) return;
    this.#given = proxyUrl;
    const onStatus = lasting((status: CourseStatus) => (this.#status = status));
    await embedder.api.setCourse(proxyUrl, COURSE_TOKEN, onStatus);
  }

  /** The embedding worker died, and with it what it was given. */
  disconnect(): void {
    this.#given = undefined;
  }
}

export const course = new Course();
