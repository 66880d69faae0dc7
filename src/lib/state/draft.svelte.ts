import { CancelledError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import { newCollectionId, type CollectionId } from '#lib/base/ids.ts';
import { formatEstimate } from '#lib/embedding/cost.ts';
import { items, makeImporter } from '#lib/workers/clients.ts';
import type { DraftSource, DraftSummary } from '#lib/workers/draft-source.ts';
import type { PreviewRow } from '#lib/workers/draft-texts.ts';
import type { Measure } from '#lib/workers/import-api.ts';
import { spaceOf } from '#lib/embedding/catalogue.ts';
import { samePurpose, type DraftPurpose } from './draft-purpose.ts';
import { library } from './library.svelte.ts';
import { settings, type ModelOption } from './settings.svelte.ts';

/** How long the reader must stop typing before all texts are rendered and counted again. */
const SETTLE_MS = 250;

/** A file (or collection) on its way to becoming a collection: what was found, and what is chosen. */
class Draft {
  #purpose = $state.raw<DraftPurpose>({ kind: 'new' });
  #reading = $state.raw<{ name: string; readBytes: number; totalBytes: number } | null>(null);
  #summary = $state.raw<DraftSummary | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  #stagingError = $state.raw<ErrorData | null>(null);
  #preview = $state.raw<PreviewRow[]>([]);
  #templateError = $state.raw<ErrorData | null>(null);
  #measure = $state.raw<Measure | null>(null);
  #measuring = $state.raw<{ done: number; total: number } | null>(null);
  #staging = $state(false);
  #name = $state('');
  #template = $state('');
  #idField = $state<string | null>(null);
  #titleField = $state<string | null>(null);
  #keep = $state.raw<string[]>([]);
  #modelKey = $state('built-in');
  #dimensions = $state(0);

  readonly #importer = makeImporter();
  #beginning: symbol | undefined;
  #opening: AbortController | undefined;
  #counting: AbortController | undefined;
  #settle: ReturnType<typeof setTimeout> | undefined;

  get purpose(): DraftPurpose {
    return this.#purpose;
  }
  get reading(): { name: string; readBytes: number; totalBytes: number } | null {
    return this.#reading;
  }
  /** What was found in the source; null before one was read. */
  get summary(): DraftSummary | null {
    return this.#summary;
  }
  /** Why the source could not be read. */
  get error(): ErrorData | null {
    return this.#error;
  }
  /** Why the draft did not become a collection; null again when anything about it changes. */
  get stagingError(): ErrorData | null {
    return this.#stagingError;
  }
  get preview(): readonly PreviewRow[] {
    return this.#preview;
  }
  get templateError(): ErrorData | null {
    return this.#templateError;
  }
  /** What embedding would take; null while it is being counted. */
  get measure(): Measure | null {
    return this.#measure;
  }
  get measuring(): { done: number; total: number } | null {
    return this.#measuring;
  }
  /** Whether the items are being written to the store. */
  get staging(): boolean {
    return this.#staging;
  }

  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
  }
  get template(): string {
    return this.#template;
  }
  set template(template: string) {
    this.#template = template;
    this.#recount();
  }
  get idField(): string | null {
    return this.#idField;
  }
  set idField(field: string | null) {
    this.#idField = field;
    this.#recount();
  }
  get titleField(): string | null {
    return this.#titleField;
  }
  set titleField(field: string | null) {
    this.#titleField = field;
    void this.#showPreview();
  }
  get keep(): readonly string[] {
    return this.#keep;
  }
  set keep(names: string[]) {
    this.#keep = names;
  }
  /** Key of the chosen `ModelOption`. */
  get modelKey(): string {
    return this.#modelKey;
  }
  set modelKey(key: string) {
    this.#modelKey = key;
    this.#dimensions = this.option.model.dimensions;
    this.#recount();
  }
  /** 0 while only the server knows. */
  get dimensions(): number {
    return this.#dimensions;
  }
  set dimensions(dimensions: number) {
    this.#dimensions = dimensions;
    this.#recount();
  }

  /** The chosen model and what it still needs. */
  get option(): ModelOption {
    if (this.#purpose.kind === 'into') {
      return settings.optionFor(this.#purpose.target.collection.space);
    }
    const { options } = settings;
    return options.find(({ key }) => key === this.#modelKey) ?? options[0]!;
  }

  /** Items, tokens and price, as shown before anything is spent; empty while it is being counted. */
  get estimate(): string {
    const { usdPerMillionTokens } = this.option.model;
    return this.#measure ? formatEstimate({ ...this.#measure, usdPerMillionTokens }) : '';
  }

  /** Why the draft can't be embedded yet, as a sentence; null when it can. */
  get blockedBy(): string | null {
    if (!this.#summary) return 'Choose a file first.';
    if (this.#templateError) return this.#templateError.message;
    const { missing, model } = this.option;
    if (missing) return `${model.label} ${missing}`;
    if (!this.#measure) return 'Counting tokens…';
    if (this.#measure.items === 0) return 'No row has a text under this template.';
    return null;
  }

  /** Starts over for a purpose, keeping a draft that still serves it. */
  async begin(wanted: { into?: CollectionId; again?: CollectionId }): Promise<void> {
    const beginning = (this.#beginning = Symbol('beginning'));
    const id = wanted.into ?? wanted.again;
    if (!id) return this.#purpose.kind === 'new' ? undefined : this.clear();
    try {
      const state = await items.api.collection(id);
      if (this.#beginning !== beginning) return;
      const purpose: DraftPurpose = wanted.into
        ? { kind: 'into', target: state }
        : { kind: 'again', origin: state };
      if (this.#serves(purpose)) return;
      this.clear();
      this.#purpose = purpose;
      if (wanted.again) await this.#open({ kind: 'collection', id }, state.collection.name);
    } catch (error) {
      if (this.#beginning !== beginning) return;
      this.clear();
      this.#error = toErrorData(error);
    }
  }

  /** Whether what is drafted was drafted for this purpose, and for the collection as it is now. */
  #serves(purpose: DraftPurpose): boolean {
    if (!samePurpose(purpose, this.#purpose)) return false;
    return purpose.kind === 'into' || this.#summary !== null || this.#reading !== null;
  }

  /** Reads a file; the last draft stays until this one is read. */
  async openFile(file: File): Promise<void> {
    await this.#open({ kind: 'file', name: file.name, blob: file }, file.name);
  }

  /** Reads pasted text, whatever it is. */
  async openText(text: string): Promise<void> {
    await this.#open({ kind: 'file', name: 'Pasted text', blob: new Blob([text]) }, 'Pasted text');
  }

  async #open(source: DraftSource, name: string): Promise<void> {
    this.#opening?.abort();
    const opening = (this.#opening = new AbortController());
    this.#error = null;
    const totalBytes = source.kind === 'file' ? source.blob.size : 0;
    this.#reading = { name, readBytes: 0, totalBytes };
    try {
      await settings.load();
      const onProgress = (readBytes: number, totalBytes: number) => {
        if (this.#opening === opening) this.#reading = { name, readBytes, totalBytes };
      };
      const summary = await this.#importer.api.open(source, onProgress, opening.signal);
      if (this.#opening === opening) this.#accept(summary);
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#error = toErrorData(error);
    } finally {
      if (this.#opening === opening) this.#reading = null;
    }
  }

  /** Gives up reading the source. */
  cancelReading(): void {
    this.#opening?.abort();
  }

  #accept(summary: DraftSummary): void {
    this.#summary = summary;
    this.#name = library.freeName(summary.name);
    this.#template = summary.template;
    this.#idField = summary.idField;
    this.#titleField = summary.titleField;
    this.#keep = summary.columns.map(({ name }) => name);
    const { purpose } = this;
    if (purpose.kind === 'into') {
      const { template, idField, space } = purpose.target.collection;
      this.#template = template;
      if (idField === null || this.#keep.includes(idField)) this.#idField = idField;
      this.#dimensions = space.dimensions;
    } else {
      this.#modelKey = settings.proposed;
      this.#dimensions = this.option.model.dimensions;
    }
    this.#recount();
  }

  #recount(): void {
    clearTimeout(this.#settle);
    this.#counting?.abort();
    this.#measure = null;
    this.#stagingError = null;
    if (!this.#summary) return;
    void this.#showPreview();
    this.#settle = setTimeout(() => void this.#count(), SETTLE_MS);
  }

  async #showPreview(): Promise<void> {
    const { template, titleField } = this;
    try {
      const rows = await this.#importer.api.preview(template, titleField);
      if (template !== this.#template) return;
      this.#preview = rows;
      this.#templateError = null;
    } catch (error) {
      if (error instanceof CancelledError || template !== this.#template) return;
      this.#templateError = toErrorData(error);
    }
  }

  async #count(): Promise<void> {
    const counting = (this.#counting = new AbortController());
    const { model, provider } = this.option;
    const dimensions = this.#dimensions;
    this.#measuring = { done: 0, total: this.#summary?.records ?? 0 };
    try {
      const measure = await this.#importer.api.measure(
        { template: this.#template, idField: this.#idField },
        {
          space: dimensions ? spaceOf(provider, model, dimensions, settings.baseUrl) : null,
          maxInputTokens: model.maxInputTokens
        },
        (done, total) => {
          if (this.#counting === counting) this.#measuring = { done, total };
        },
        counting.signal
      );
      // A choice may have changed just as the answer was on its way.
      if (this.#counting === counting && !counting.signal.aborted) this.#measure = measure;
    } catch (error) {
      // A wrong template is told beside the template.
      const data = toErrorData(error);
      if (data.code !== 'cancelled' && data.code !== 'template') this.#error = data;
    } finally {
      if (this.#counting === counting) this.#measuring = null;
    }
  }

  /**
   * Writes the items to the store, ready to be embedded; resolves with their collection, or null
   * when it failed (see `stagingError`). The draft is cleared when it has become a collection.
   */
  async stage(): Promise<CollectionId | null> {
    this.#stagingError = null;
    this.#staging = true;
    const signal = new AbortController().signal;
    const opening = this.#opening;
    const choices = { template: this.#template, idField: this.#idField, keep: this.#keep };
    try {
      const { purpose } = this;
      let id: CollectionId;
      if (purpose.kind === 'into') {
        id = purpose.target.collection.id;
        await this.#importer.api.append(id, choices, signal);
      } else {
        id = newCollectionId();
        const space = await settings.spaceFor(this.option, this.#dimensions, signal);
        const name = this.#name.trim() || 'Untitled';
        await this.#importer.api.stage(
          { ...choices, id, name, space, titleField: this.#titleField },
          signal
        );
      }
      // The reader may have dropped another file meanwhile, which is the draft now.
      if (this.#opening === opening) this.clear();
      return id;
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#stagingError = toErrorData(error);
      return null;
    } finally {
      this.#staging = false;
    }
  }

  /** Forgets the file, to choose another for the same purpose. */
  restart(): void {
    const { purpose } = this;
    this.clear();
    this.#purpose = purpose;
  }

  /** Forgets the draft. */
  clear(): void {
    this.#opening?.abort();
    this.#counting?.abort();
    clearTimeout(this.#settle);
    this.#purpose = { kind: 'new' };
    this.#reading = null;
    this.#summary = null;
    this.#preview = [];
    this.#measure = null;
    this.#error = null;
    this.#stagingError = null;
    this.#templateError = null;
    // Ending the worker gives the draft's memory back.
    this.#importer.end();
  }
}

export const draft = new Draft();
