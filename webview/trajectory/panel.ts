/** A trajectory: how an agent got to its program. Puts what comes from the host together and leads a person through it. */
import { css, html, nothing, type PropertyDeclarations, type PropertyValues } from 'lit';
import type * as z from 'zod';
import type { FromTrajectoryPanel, LinkMessage, ToTrajectoryPanel } from '../../protocol/panels.ts';
import type { Candidate, RunSummary } from '../../protocol/run.ts';
import { PanelElement } from '../frame/panelElement.ts';
import { t } from '../frame/strings.ts';
import { shortDuration } from '../text/shortDuration.ts';
import type { ArEvent } from '../ui/element.ts';
import { ArTrajectoryFeed } from './feed.ts';
import { answered, asked } from './fullOutputs.ts';
import './head.ts';
import type { ArTrajectoryHead } from './head.ts';
import { PageRequests } from './pageRequests.ts';
import { type Landmark, landmark, type Row, rowAt } from './rows.ts';
import { type FullOutput, plainView, type RowView } from './rowView.ts';
import { nextMatch, Search, searchPattern } from './search.ts';
import { toolName } from './stepView.ts';
import './strip.ts';
import { ArTrajectoryToolbar, type Wish } from './toolbar.ts';
import { TrajectoryModel } from './trajectoryModel.ts';

type Outgoing = z.infer<typeof FromTrajectoryPanel>;

interface Shown {
  run: RunSummary;
  title: string;
  candidate: Candidate;
}

export class ArTrajectoryPanel extends PanelElement<ToTrajectoryPanel, Outgoing> {
  static override properties: PropertyDeclarations = {
    shown: { state: true },
    current: { state: true },
    views: { state: true },
    outputs: { state: true },
    words: { state: true },
    allFolded: { state: true },
    inView: { state: true },
    revision: { state: true },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      min-height: 0;
    }
    ar-trajectory-feed {
      flex: 1;
      min-height: 0;
    }
    .empty {
      padding: 40px;
      text-align: center;
      color: var(--ar-muted);
    }
  `;
  declare protected shown: Shown | null;
  declare protected current: number;
  declare protected views: ReadonlyMap<string, RowView>;
  declare protected outputs: ReadonlyMap<number, FullOutput>;
  declare protected words: string;
  declare protected allFolded: boolean;
  declare protected inView: { first: number; last: number };
  /** Counts what has come in. */
  declare protected revision: number;

  #model = new TrajectoryModel();
  #search: Search | null = null;
  #timer = 0;
  readonly #requests = new PageRequests(
    (range) => this.host.send({ type: 'page', ...range }),
    () => this.revision++,
  );
  readonly #actions = {
    fold: (key: string) => this.#change(key, (view) => ({ ...view, folded: !view.folded })),
    open: (key: string, part: string) => this.#change(key, (view) => ({ ...view, open: toggled(view.open, part) })),
    output: (index: number, offset: number | null) => this.#askOutput(index, offset),
    copy: (text: string) => this.host.send({ type: 'copy', text: text.slice(0, 2_000_000) }),
    openCandidate: (candidate: number) => this.#command('openTrajectory', [candidate]),
  };

  constructor() {
    super();
    this.shown = null;
    this.current = 0;
    this.views = new Map();
    this.outputs = new Map();
    this.words = '';
    this.allFolded = false;
    this.inView = { first: 0, last: 0 };
    this.revision = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('keydown', this.#key);
    this.#timer = window.setInterval(() => {
      if (this.#isLive()) this.revision++;
    }, 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('keydown', this.#key);
    window.clearInterval(this.#timer);
    this.#requests.clear();
  }

  override receive(message: Exclude<ToTrajectoryPanel, LinkMessage>): void {
    switch (message.type) {
      case 'reset':
        this.#reset(message);
        break;
      case 'items':
        this.#items(message);
        break;
      case 'candidate':
        if (this.shown !== null) this.shown = { ...this.shown, candidate: message.candidate };
        break;
      case 'run':
        if (this.shown !== null) this.shown = { ...this.shown, run: message.run };
        break;
      case 'output':
        this.outputs = answered(this.outputs, message);
        break;
    }
    this.revision++;
  }

  #reset({ run, title, candidate, items, total }: Extract<ToTrajectoryPanel, { type: 'reset' }>): void {
    const same = this.shown?.run.id === run.id && this.shown.candidate.id === candidate.id;
    this.shown = { run, title, candidate };
    this.host.keep({ kind: 'trajectory', run: run.id, candidate: candidate.id });
    // After a break of the link the same trajectory begins again: what is being read stays where it is.
    if (!same) {
      this.views = new Map();
      this.outputs = new Map();
      this.current = 0;
      this.#search = null;
      this.words = '';
    }
    this.#model = new TrajectoryModel();
    this.#requests.clear();
    this.#model.put(items, total, null);
    if (!same && this.#isLive()) void this.#follow();
  }

  /** A trajectory that is being written is opened at its end. */
  async #follow(): Promise<void> {
    await this.updateComplete;
    await this.#feed?.updateComplete;
    this.#feed?.scrollToEnd();
    this.current = Math.max(0, this.#model.rows.length - 1);
  }

  #items({ items, total }: Extract<ToTrajectoryPanel, { type: 'items' }>): void {
    const key = this.#model.rows[this.current]?.key;
    this.#model.put(items, total, this.#requests.answered(items));
    // Rows may have come in above: the keyboard stays with the row that it was at.
    const place = this.#model.rows.findIndex((row) => row.key === key);
    if (place >= 0) this.current = place;
  }

  #isLive(): boolean {
    const state = this.shown?.candidate.state;
    return state === 'running' || state === 'evaluating';
  }

  get #feed(): ArTrajectoryFeed | null {
    const feed = this.renderRoot.querySelector('ar-trajectory-feed');
    return feed instanceof ArTrajectoryFeed ? feed : null;
  }

  get #rows(): readonly Row[] {
    return this.#model.rows;
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    this.#search?.look(this.#model.items);
  }

  protected override render() {
    if (this.shown === null) return html`<div class="empty">${t('Loading the trajectory…')}</div>`;
    const { run, title, candidate } = this.shown;
    const rows = this.#rows;
    const timeline = this.#model.timeline(candidate, run.state !== 'interrupted' && run.state !== 'finished');
    const search = this.#search;
    const matches = search?.rows(rows) ?? [];
    const command: ArTrajectoryHead['command'] = (name, candidates) => this.#command(name, candidates);
    return html`<ar-trajectory-head
        .run=${run}
        .heading=${title}
        .candidate=${candidate}
        .doing=${this.#doing()}
        .took=${this.#took()}
        .link=${this.link}
        .command=${command}
      ></ar-trajectory-head>
      <ar-trajectory-strip
        .timeline=${timeline}
        .view=${this.#eventsInView()}
        .current=${rows[this.current]?.index ?? 0}
        @ar-select=${(event: ArEvent<number>) => this.#goTo(rowAt(rows, event.detail.value), 'start')}
      ></ar-trajectory-strip>
      <ar-trajectory-toolbar
        .words=${this.words}
        .found=${search === null ? null : { times: search.count, rows: matches.length, at: matches.indexOf(this.current) + 1 }}
        .reading=${this.#reading()}
        .failures=${this.#model.failures}
        .submits=${landmark(rows, 'submission', -1, 1) >= 0}
        .folded=${this.allFolded}
        .ask=${this.#ask}
      ></ar-trajectory-toolbar>
      ${rows.length === 0 ? html`<div class="empty">${t('Nothing has happened yet.')}</div>` : nothing}
      <ar-trajectory-feed
        .rows=${rows}
        .views=${this.views}
        .outputs=${this.outputs}
        .pattern=${search?.pattern ?? null}
        .current=${this.current}
        .live=${this.#isLive()}
        .actions=${this.#actions}
        @ar-change=${(event: ArEvent<number>) => {
          this.current = event.detail.value;
        }}
        @ar-select=${(event: ArEvent<{ first: number; last: number }>) => {
          this.inView = event.detail.value;
        }}
      ></ar-trajectory-feed>`;
  }

  protected override updated(): void {
    if (this.shown !== null) this.#requests.next(this.#model, this.inView, this.#search);
  }

  // ── What is asked of the host ─────────────────────────────────────────────────────────────────────────────────────

  #askOutput(index: number, offset: number | null): void {
    this.outputs = asked(this.outputs, index, offset);
    if (offset !== null) this.host.send({ type: 'output', index, offset });
  }

  #command(command: Extract<Outgoing, { type: 'command' }>['command'], candidates: number[]): void {
    if (this.shown !== null) this.host.send({ type: 'command', command, run: this.shown.run.id, candidates });
  }

  // ── What is in view ───────────────────────────────────────────────────────────────────────────────────────────────

  #eventsInView(): { first: number; last: number } | null {
    const rows = this.#rows;
    const first = rows[Math.max(0, this.inView.first)];
    const after = rows[this.inView.last + 1];
    return first === undefined ? null : { first: first.index, last: (after?.index ?? this.#model.total) - 1 };
  }

  #doing(): string {
    if (this.shown?.candidate.state === 'evaluating') return t('the program is evaluated');
    if (this.shown?.candidate.state !== 'running') return '';
    const { underWay } = this.#model;
    if (underWay === null) return t('it starts');
    const { tool, since } = underWay;
    const long = shortDuration(Math.max(0, this.#model.now() - since));
    return tool === null ? t('it thinks for {0}', long) : t('{0} runs for {1}', toolName(tool), long);
  }

  #took(): number {
    const candidate = this.shown?.candidate;
    if (candidate === undefined) return 0;
    return (candidate.endedAt ?? this.#model.now()) - candidate.createdAt;
  }

  #reading(): number | null {
    if (this.#search === null) return null;
    const share = this.#search.share(this.#model.total, this.#model.isAbsent);
    return share >= 1 ? null : share;
  }

  #change(key: string, change: (view: RowView) => RowView): void {
    this.views = new Map(this.views).set(key, change(this.views.get(key) ?? plainView));
  }

  #foldAll(folded: boolean): void {
    this.allFolded = folded;
    const views = new Map(this.views);
    for (const { kind, key } of this.#rows)
      if (kind === 'step') views.set(key, { ...(views.get(key) ?? plainView), folded });
    this.views = views;
    void this.#feed?.forgetSizes();
  }

  // ── What a person asks ────────────────────────────────────────────────────────────────────────────────────────────

  readonly #ask = (wish: Wish): void => {
    switch (wish.kind) {
      case 'search':
        this.#lookFor(wish.words);
        break;
      case 'match':
        this.#goToMatch(wish.direction);
        break;
      case 'landmark':
        this.#goToLandmark(wish.what, wish.direction);
        break;
      case 'fold':
        this.#foldAll(wish.all);
        break;
    }
  };

  #lookFor(words: string): void {
    this.words = words;
    const pattern = searchPattern(words);
    this.#search = pattern === null ? null : new Search(pattern);
  }

  #goToMatch(direction: 1 | -1): void {
    if (this.#search === null) return;
    const place = nextMatch(this.#search.rows(this.#rows), this.current, direction);
    const row = this.#rows[place];
    if (row === undefined) return;
    this.current = place;
    this.#unfoldMatches(row, this.#search);
    if (this.#feed?.hasFocus === true) void this.#feed.focusRow(place);
    void this.#feed?.showWords(place, this.#search.pattern);
  }

  /** What is folded away may be where the words are. */
  #unfoldMatches(row: Row, search: Search): void {
    if (row.kind === 'gap') return;
    const parts: string[] = [];
    if (row.kind === 'step') {
      row.acts.forEach(({ observation }, at) => {
        if (observation !== null && search.has(observation.index)) parts.push(`output-${at}`);
        if (search.has(row.index)) parts.push(`code-${at}`);
      });
    } else parts.push('prompt', 'system', 'told', 'snapshot', 'state', 'output-0');
    this.#change(row.key, ({ open }) => ({ folded: false, open: new Set([...open, ...parts]) }));
  }

  #goToLandmark(what: Landmark, direction: 1 | -1): void {
    const place = landmark(this.#rows, what, this.current, direction);
    const [from, back] = direction === 1 ? [-1, 1 as const] : [this.#rows.length, -1 as const];
    this.#goTo(place >= 0 ? place : landmark(this.#rows, what, from, back), 'start');
  }

  #goTo(place: number, align: 'auto' | 'start' = 'auto', focus = false): void {
    if (place < 0 || place >= this.#rows.length) return;
    this.current = place;
    this.#feed?.show(place, align);
    // The row that had the keyboard may be gone from the document with this.
    if (focus || this.#feed?.hasFocus === true) void this.#feed?.focusRow(place);
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const [origin] = event.composedPath();
    if (origin instanceof HTMLInputElement || origin instanceof HTMLTextAreaElement) return;
    const inControl = origin instanceof HTMLElement && origin.matches('button, a, [role="slider"]');
    const keys: Record<string, () => void> = {
      j: () => this.#goTo(this.current + 1, 'auto', true),
      k: () => this.#goTo(this.current - 1, 'auto', true),
      ArrowDown: () => this.#goTo(Math.min(this.#rows.length - 1, this.current + 1), 'auto', true),
      ArrowUp: () => this.#goTo(Math.max(0, this.current - 1), 'auto', true),
      Home: () => this.#goTo(0, 'start', true),
      End: () => this.#goTo(this.#rows.length - 1, 'start', true),
      e: () => this.#goToLandmark('failure', 1),
      E: () => this.#goToLandmark('failure', -1),
      s: () => this.#goToLandmark('submission', 1),
      n: () => this.#goToMatch(1),
      N: () => this.#goToMatch(-1),
      '/': () => this.#toolbar?.focusSearch(),
    };
    const fold = () => {
      const row = this.#rows[this.current];
      if (row?.kind === 'step') this.#actions.fold(row.key);
    };
    const action = event.key === 'Enter' && !inControl ? fold : keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };

  get #toolbar(): ArTrajectoryToolbar | null {
    const toolbar = this.renderRoot.querySelector('ar-trajectory-toolbar');
    return toolbar instanceof ArTrajectoryToolbar ? toolbar : null;
  }
}
customElements.define('ar-trajectory-panel', ArTrajectoryPanel);

function toggled(set: ReadonlySet<string>, part: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(part)) next.add(part);
  return next;
}
