/*
 * What the walker does inside the page. Each function is sent there as it is written, so none may use
 * anything from outside itself.
 */

/** Waits until the page is at rest: no mark of work, and nothing changed for a few frames. */
export async function rest(): Promise<void> {
  const QUIET_FRAMES = 6;
  const MOST_FRAMES = 240;
  let quiet = 0;
  const observer = new MutationObserver((changes) => {
    // A countdown changes its letters for as long as it lasts.
    if (changes.some(({ type }) => type !== 'characterData')) quiet = 0;
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true });
  for (let frame = 0; quiet < QUIET_FRAMES && frame < MOST_FRAMES; frame++) {
    await new Promise(requestAnimationFrame);
    quiet = document.querySelector('[aria-busy="true"]') ? 0 : quiet + 1;
  }
  observer.disconnect();
}

/** Follows a link to a page of the app, and waits until the address is its. (Another address typed by hand is loaded anew.) */
export async function followLink(address: string): Promise<void> {
  const link = document.createElement('a');
  link.href = address;
  document.body.append(link);
  link.click();
  link.remove();
  for (let frame = 0; frame < 600 && !location.hash.startsWith(address); frame++) {
    await new Promise(requestAnimationFrame);
  }
}

/** Opens what is folded, writes `words` into every field of text, and sends the forms that have one. */
export function writeAll(words: string): void {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
    'textarea, input:not([type]), input[type=text], input[type=search], input[type=url]'
  );
  for (const field of fields) {
    if (field.disabled || field.readOnly || !field.checkVisibility()) continue;
    field.focus();
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value')!;
    set!.call(field, words);
    field.dispatchEvent(new InputEvent('input', { bubbles: true, data: words }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
  for (const form of new Set([...fields].map((field) => field.form))) {
    if (form?.checkVisibility()) form.requestSubmit();
  }
}

/**
 * Presses the first control that was not pressed before, of what lies on top: in an open dialog or menu when
 * there is one. Returns its name, or null when nothing is left (what lay on top is closed then, and the rest
 * is left for the next call).
 */
export function pressNext({
  pressed,
  spare
}: {
  pressed: string[];
  /** Names of what would end the journey. */
  spare: string;
}): string | null {
  const CHOICES = ['checkbox', 'radio', 'range'];
  const open = [...document.querySelectorAll<HTMLElement>('dialog[open], :popover-open')].at(-1);
  const scope: ParentNode = open ?? document;
  // Buttons first: what is chosen beside them changes what they do.
  const controls = ['button', '[role=option], select, input'].flatMap((kind) => [
    ...scope.querySelectorAll<HTMLElement>(kind)
  ]);
  for (const control of controls) {
    const named = control.ariaLabel || control.textContent?.trim() || '';
    const label = control instanceof HTMLInputElement ? control.labels?.[0]?.textContent : '';
    const name = `${open ? 'above: ' : ''}${control.localName} ${named || label?.trim() || ''}`;
    // A list's entries are alike: what was done to a few is done. A menu closes with each choice.
    const kind = name.replace(/\d+/g, '#').slice(0, 60);
    const often = control.hasAttribute('popovertarget') ? 7 : control.ariaLabel ? 2 : 1;
    if (pressed.filter((one) => one === kind).length >= often) continue;
    if (new RegExp(spare, 'i').test(named || label || '')) continue;
    if (control.matches(':disabled') || !control.checkVisibility()) continue;
    const isText = control instanceof HTMLInputElement && !CHOICES.includes(control.type);
    if (isText) continue;
    if (control instanceof HTMLSelectElement) {
      control.selectedIndex = control.options.length - 1;
      control.dispatchEvent(new Event('change', { bubbles: true }));
    } else if (control instanceof HTMLInputElement && control.type === 'range') {
      control.value = control.max;
      control.dispatchEvent(new Event('input', { bubbles: true }));
      control.dispatchEvent(new Event('change', { bubbles: true }));
    } else control.click();
    return kind;
  }
  if (open instanceof HTMLDialogElement) open.close();
  else if (open) open.hidePopover();
  return open ? 'closed' : null;
}

/** The page as its reader sees it, and what stands behind: text, names, values. Secret fields are the reader's. */
export function readPage(): string {
  const parts = [document.title, location.href, document.documentElement.outerHTML];
  for (const field of document.querySelectorAll<HTMLInputElement>('input, textarea, select')) {
    if (field.type !== 'password') parts.push(field.value);
  }
  return parts.join('\n');
}
