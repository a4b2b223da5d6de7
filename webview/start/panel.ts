/** The form with everything that a run can be given, and beside it what would come of that. */
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type * as z from 'zod';
import type { RunSettings } from '../../protocol/client.ts';
import type { ConnectionReport, TaskListing } from '../../protocol/clientViews.ts';
import type { FromStartPanel, LinkMessage, RunPlan, ToStartPanel } from '../../protocol/panels.ts';
import '../frame/frame.ts';
import { PanelElement } from '../frame/panelElement.ts';
import { t } from '../frame/strings.ts';
import { candidatesWord } from '../text/counts.ts';
import { visibleText } from '../text/visibleText.ts';
import '../ui/button.ts';
import '../ui/checkbox.ts';
import type { ArEvent } from '../ui/element.ts';
import '../ui/icon.ts';
import '../ui/link.ts';
import '../ui/progressRing.ts';
import '../ui/radioGroup.ts';
import '../ui/select.ts';
import '../ui/textField.ts';
import { taskReference } from '../../protocol/taskReference.ts';
import { advancedView, type FormContext } from './advanced.ts';
import { type Form, type FormProblem, formOf, type NumberField, type Reading, read } from './form.ts';
import { machineWords, sandboxChoices, taskWords } from './listingWords.ts';
import { modelSection } from './modelSection.ts';
import { planView } from './planView.ts';
import { problemWords } from './problemWords.ts';
import { startStyles } from './style.ts';

type Outgoing = z.infer<typeof FromStartPanel>;
type Reset = Extract<ToStartPanel, { type: 'reset' }>;

/** Milliseconds without a change before a plan is asked for. */
const planDelay = 250;

export class ArStartPanel extends PanelElement<ToStartPanel, Outgoing> {
  static override properties: PropertyDeclarations = {
    given: { state: true },
    form: { state: true },
    plan: { state: true },
    unasked: { state: true },
    planProblem: { state: true },
    isPlanning: { state: true },
    tested: { state: true },
    starting: { state: true },
    failure: { state: true },
    showsAdvanced: { state: true },
    showsProblems: { state: true },
  };
  static override styles = startStyles;
  declare protected given: Reset | null;
  declare protected form: Form;
  declare protected plan: RunPlan | null;
  /** Candidates that the server makes though the form bounds nothing; null: what ends the run is what was asked for. */
  declare protected unasked: number | null;
  declare protected planProblem: string;
  declare protected isPlanning: boolean;
  declare protected tested: 'none' | 'testing' | ConnectionReport;
  /** What the host says of the start; empty: nothing is being started. */
  declare protected starting: string;
  declare protected failure: string;
  declare protected showsAdvanced: boolean;
  /** What is missing is told once a person has wanted to start; what is wrong, at once. */
  declare protected showsProblems: boolean;

  #number = 0;
  #timer = 0;

  constructor() {
    super();
    this.given = null;
    this.form = formOf(null, {});
    this.plan = null;
    this.unasked = null;
    this.planProblem = '';
    this.isPlanning = false;
    this.tested = 'none';
    this.starting = '';
    this.failure = '';
    this.showsAdvanced = false;
    this.showsProblems = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#timer);
  }

  override receive(message: Exclude<ToStartPanel, LinkMessage>): void {
    switch (message.type) {
      case 'reset':
        this.#reset(message);
        break;
      case 'plan':
        if (message.number !== this.#number) return;
        this.plan = message.plan;
        this.unasked =
          this.#read().settings.candidates === undefined ? (message.plan.settings.candidates ?? null) : null;
        this.planProblem = '';
        this.isPlanning = false;
        break;
      case 'problem':
        if (message.number !== this.#number) return;
        this.planProblem = message.message;
        this.isPlanning = false;
        break;
      case 'tested':
        this.tested = message.report;
        break;
      case 'keys':
        if (this.given !== null) this.given = { ...this.given, keys: message.keys };
        this.tested = 'none';
        this.#askPlan();
        break;
      case 'starting':
        this.starting = visibleText(message.message);
        this.failure = '';
        break;
      case 'failed':
        this.starting = '';
        this.failure = message.message;
        break;
    }
  }

  #reset(message: Reset): void {
    this.given = message;
    this.form = formOf(message.task, message.settings);
    this.plan = null;
    this.unasked = null;
    this.tested = 'none';
    this.starting = '';
    this.failure = '';
    this.host.keep({ kind: 'start', task: message.task });
    this.#askPlan();
  }

  #read(): Reading {
    return read(this.form, this.given?.offered ?? [], new Date().toISOString().slice(0, 10));
  }

  readonly #change = (changes: Partial<Form>): void => {
    const { task } = this.form;
    if (changes.model !== undefined) this.tested = 'none';
    this.form = { ...this.form, ...changes };
    this.failure = '';
    if (this.form.task !== task) this.host.keep({ kind: 'start', task: this.form.task || null });
    this.#askPlan();
  };

  /** The plan follows the form; only the answer to the last question counts. */
  #askPlan(): void {
    window.clearTimeout(this.#timer);
    const number = ++this.#number;
    const { settings, problems } = this.#read();
    this.isPlanning = problems.length === 0;
    this.planProblem = '';
    if (problems.length > 0) return;
    const { task } = this.form;
    this.#timer = window.setTimeout(() => this.host.send({ type: 'plan', number, task, settings }), planDelay);
  }

  #start(problems: readonly FormProblem[], settings: Reading['settings']): void {
    this.showsProblems = true;
    if (problems.length > 0) {
      if (problems.some(({ field }) => advancedFields.has(field))) this.showsAdvanced = true;
      void this.#goToProblem();
      return;
    }
    this.starting = t('Starting…');
    this.host.send({ type: 'start', task: this.form.task, settings });
  }

  async #goToProblem(): Promise<void> {
    await this.updateComplete;
    // Fields mark themselves when they are drawn, which comes after the form is.
    await new Promise(requestAnimationFrame);
    const field = this.renderRoot.querySelector<HTMLElement>('[invalid]');
    field?.scrollIntoView({ block: 'center' });
    field?.focus();
  }

  protected override render() {
    if (this.given === null) return html`<div class="page"><div class="hint">${t('Loading…')}</div></div>`;
    const { settings, problems } = this.#read();
    const context: FormContext = {
      form: this.form,
      change: this.#change,
      number: (field, label, options) => this.#numberField(problems, field, label, options),
    };
    const fold = () => {
      this.showsAdvanced = !this.showsAdvanced;
    };
    return html`<div class="page">
      <h1>${t('Start a run')}<ar-machine .link=${this.link}></ar-machine></h1>
      <form @submit=${(event: Event) => event.preventDefault()}>
        ${this.#pythonNotice(this.given)} ${this.#taskSection(this.given.tasks, problems)}
        ${modelSection({
          ...context,
          offered: this.given.offered,
          keys: this.given.keys,
          problem: problems.find(({ field }) => field === 'model') ?? null,
          isUnpriced: this.#isUnpriced(),
          test: this.tested,
          ask: (message) => {
            if (message.type === 'test') this.tested = 'testing';
            this.host.send(message);
          },
        })}
        ${this.#budgetSection(context)} ${this.#machineSection(context, this.given, problems)}
        <section>
          <button type="button" class="fold" aria-expanded=${this.showsAdvanced} @click=${fold}>
            <ar-icon name=${this.showsAdvanced ? 'chevronDown' : 'chevronRight'}></ar-icon>${t('Advanced')}
          </button>
          ${this.showsAdvanced ? advancedView(context) : nothing}
        </section>
      </form>
      ${this.#aside(problems, settings)}
    </div>`;
  }

  #isUnpriced(): boolean {
    const given = ['priceInput', 'priceCached', 'priceOutput'] as const;
    if (given.some((field) => (this.form.numbers[field] ?? '') !== '')) return true;
    return this.plan !== null && this.plan.estimate !== null && this.plan.price === null;
  }

  #pythonNotice({ machine }: Reset): TemplateResult | typeof nothing {
    if (machine.pythonProblem === null) return nothing;
    const setUp = () => this.host.send({ type: 'command', command: 'setUpEnvironment', candidates: [] });
    return html`<div class="notice">
      <ar-icon name="warning"></ar-icon>
      <span class="words">${visibleText(machine.pythonProblem)}</span>
      <ar-button appearance="secondary" @click=${setUp}>${t('Set Up Python')}</ar-button>
    </div>`;
  }

  #taskSection(tasks: readonly TaskListing[], problems: readonly FormProblem[]): TemplateResult {
    const chosen = tasks.find((task) => taskReference(task) === this.form.task);
    const choices = tasks.map((task) => ({
      value: taskReference(task),
      label: `${visibleText(task.title)} (${task.id})${task.problem === null ? '' : `: ${t('cannot be used')}`}`,
      disabled: task.problem !== null,
    }));
    const unknown = this.form.task !== '' && chosen === undefined;
    const wrong = problems.find(({ field }) => field === 'task');
    return html`<section>
      <h2>${t('Task')}</h2>
      <ar-select
        hide-label
        label=${t('Task')}
        .value=${this.form.task}
        .choices=${[
          ...(this.form.task === '' ? [{ value: '', label: t('Choose a task…') }] : []),
          ...(unknown ? [{ value: this.form.task, label: this.form.task }] : []),
          ...choices,
        ]}
        .problem=${wrong !== undefined && this.showsProblems ? problemWords(wrong) : ''}
        .description=${chosen === undefined ? '' : taskWords(chosen)}
        @ar-change=${(event: ArEvent<string>) => this.#change({ task: event.detail.value })}
      ></ar-select>
    </section>`;
  }

  #budgetSection({ number }: FormContext): TemplateResult {
    const { unasked } = this;
    const hasGpus = (this.given?.machine.gpus.length ?? 0) > 0;
    return html`<section>
      <h2>${t('Budget')}</h2>
      <div class="hint">
        ${t('The run ends at whichever comes first, and can be extended. An empty field sets no bound.')}
        ${
          unasked === null || (this.form.numbers.candidates ?? '') !== ''
            ? nothing
            : html`<span role="status">${t('Nothing here ends this run, so it ends after {0}.', candidatesWord(unasked))}</span>`
        }
      </div>
      <div class="grid">
        ${number('candidates', t('Candidates'))} ${number('hours', t('Time'), { unit: 'h' })}
        ${this.form.model.provider === 'heuristic' ? nothing : number('costUsd', t('Cost'), { unit: '$' })}
        ${this.form.model.provider === 'heuristic' ? nothing : number('tokens', t('Tokens'))}
        ${hasGpus ? number('gpuHours', t('GPU-hours'), { unit: 'h' }) : nothing}
      </div>
    </section>`;
  }

  #machineSection(
    { form, change, number }: FormContext,
    { machine }: Reset,
    problems: readonly FormProblem[],
  ): TemplateResult {
    const unsafe = problems.find(({ field }) => field === 'sandbox');
    return html`<section>
      <h2>${t('Where it runs')}</h2>
      <div class="hint">${machineWords(machine)}</div>
      <div class="grid">
        ${number('workers', t('Workers'), { description: t('One for each GPU, or some CPUs each.') })}
        <ar-select
          label=${t('Sandbox')}
          .value=${form.sandbox || (machine.sandboxes[0] ?? '')}
          .choices=${sandboxChoices(machine.sandboxes)}
          @ar-change=${(event: ArEvent<Form['sandbox']>) => change({ sandbox: event.detail.value, acceptsUnsafe: false })}
        ></ar-select>
        ${
          form.sandbox === 'podman' || form.sandbox === 'docker' || form.sandbox === 'apptainer'
            ? html`<ar-text-field
                label=${t('Image')}
                .value=${form.image}
                .description=${t('Empty: the host’s own programs.')}
                @ar-input=${(event: ArEvent<string>) => change({ image: event.detail.value })}
              ></ar-text-field>`
            : nothing
        }
      </div>
      ${
        form.sandbox === 'none'
          ? html`<ar-checkbox
              label=${t('Programs that a model writes may run with all that I may do on this machine')}
              .checked=${form.acceptsUnsafe}
              .problem=${unsafe !== undefined && this.showsProblems ? problemWords(unsafe) : ''}
              .description=${t('They can read your files, and the labels. The run is marked for good.')}
              @ar-change=${(event: ArEvent<boolean>) => change({ acceptsUnsafe: event.detail.value })}
            ></ar-checkbox>`
          : nothing
      }
    </section>`;
  }

  #numberField(
    problems: readonly FormProblem[],
    field: NumberField,
    label: string,
    { unit = '', description = '' }: { unit?: string; description?: string } = {},
  ): TemplateResult {
    const problem = problems.find((candidate) => candidate.field === field);
    return html`<ar-text-field
      label=${label}
      unit=${unit}
      description=${description}
      placeholder=${this.#default(field)}
      .value=${this.form.numbers[field] ?? ''}
      .problem=${problem === undefined ? '' : problemWords(problem)}
      @ar-input=${(event: ArEvent<string>) =>
        this.#change({ numbers: { ...this.form.numbers, [field]: event.detail.value } })}
    ></ar-text-field>`;
  }

  /** What an empty field comes to, as the last plan has it. */
  #default(field: NumberField): string {
    const settings: RunSettings = this.plan?.settings ?? {};
    const value: unknown = Reflect.get({ ...settings, ...settings.budget, ...settings.rates }, field);
    return typeof value === 'number' ? String(value) : '';
  }

  #aside(problems: readonly FormProblem[], settings: Reading['settings']): TemplateResult {
    const isLinked = this.link === null || this.link.state === 'connected';
    const isBusy = this.starting !== '';
    const shown = problems.filter(({ kind }) => this.showsProblems || (kind !== 'task' && kind !== 'unsafe'));
    return html`<aside aria-label=${t('What this run would be')}>
      <h2>${t('This run')}</h2>
      <div class=${this.isPlanning ? 'stale' : ''} aria-busy=${this.isPlanning}>
        ${this.plan === null ? html`<span class="hint">${this.isPlanning ? t('Estimating…') : t('Complete the form to see what it would take.')}</span>` : planView(this.plan)}
      </div>
      <div role="alert">
        ${this.planProblem === '' ? nothing : problemView(this.planProblem)}
        ${this.failure === '' ? nothing : problemView(this.failure)}
        ${shown.length === 0 ? nothing : problemView(shown.length === 1 ? t('One field needs another value.') : t('{0} fields need other values.', shown.length))}
      </div>
      <ar-button
        class="start"
        ?disabled=${isBusy || !isLinked}
        @click=${() => this.#start(problems, settings)}
        >${t('Start Run')}</ar-button
      >
      <div class="hint" role="status">
        ${
          isBusy
            ? html`<span class="line"><ar-progress-ring label=${t('Starting')}></ar-progress-ring>${this.starting}</span>`
            : t('It goes on when this window is closed. Validation and test scores stay sealed until it has ended.')
        }
      </div>
    </aside>`;
  }
}
customElements.define('ar-start-panel', ArStartPanel);

/** Fields that are folded away: a problem in one of them unfolds them. */
const advancedFields: ReadonlySet<string> = new Set<NumberField>([
  'agentsPerSlot',
  'seed',
  'temperature',
  'crossover',
  'drafts',
  'maxSteps',
  'candidateCostUsd',
  'candidateTokens',
  'requestsPerMinute',
  'tokensPerMinute',
  'concurrency',
]);

function problemView(words: string): TemplateResult {
  return html`<div class="problem"><ar-icon name="error"></ar-icon><span>${visibleText(words)}</span></div>`;
}
