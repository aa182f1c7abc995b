/** Formats for checkpoints that bring no template of their own. */
export const CHAT_FORMATS = ['llama-2', 'llama-3', 'llama-4', 'alpaca', 'vicuna', 'wizardlm', 'wizardcoder'] as const;
export type ChatFormat = (typeof CHAT_FORMATS)[number];

/** A system message, where there is one, is `system`; the rest are `turns`. */
const SPLIT_SYSTEM = `{%- if messages and messages[0].role == 'system' -%}{%- set system = messages[0].content -%}{%- set turns = messages[1:] -%}{%- else -%}{%- set system = none -%}{%- set turns = messages -%}{%- endif -%}`;
const ALTERNATE = `{%- if (message.role == 'user') != (loop.index0 % 2 == 0) or message.role not in ['user', 'assistant'] -%}{{ raise_exception('Roles must alternate user/assistant.') }}{%- endif -%}`;

/** Source: the template of Llama 2 chat; the system message is trimmed together with the first turn. */
const LLAMA_2 = `${SPLIT_SYSTEM}
{%- for message in turns -%}
  ${ALTERNATE}
  {%- if message.role == 'user' -%}
    {%- set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message.content if loop.first and system is not none else message.content -%}
    {{- bos_token + '[INST] ' + content | trim + ' [/INST]' -}}
  {%- else -%}
    {{- ' ' + message.content | trim + ' ' + eos_token -}}
  {%- endif -%}
{%- endfor -%}`;

/** Meta's words for tools in the first user message; the space that is missing before "Do" is missing there. */
const TOOLS = `Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\\n\\nRespond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.\\n\\n`;

interface HeaderFormat {
  header: (role: string) => string;
  end: string;
  call: [before: string, between: string];
  /** What stands before a system message when tools are given. */
  environment: string;
  toolResult: string;
}

/** Headers, then text, then an end-of-turn token: Llama 3 and 4. `tool` is written `ipython`, a tool call as its JSON. */
const headerTemplate = ({ header, end, call, environment, toolResult }: HeaderFormat): string => `{{- bos_token -}}
{%- set shown = namespace(tools=false) -%}
{%- for message in messages -%}
  {%- if message.role not in ['system', 'user', 'assistant', 'tool', 'ipython'] -%}{{ raise_exception('Unknown role.') }}{%- endif -%}
  {%- set result = message.role in ['tool', 'ipython'] -%}
  {{- ${header("('ipython' if result else message.role)")} -}}
  {%- if tools is defined and message.role == 'system' -%}{{- '${environment}' -}}{%- endif -%}
  {%- if tools is defined and message.role == 'user' and not shown.tools -%}
    {%- set shown.tools = true -%}
    {{- '${TOOLS}' -}}
    {%- for tool in tools -%}{{- tool | tojson(indent=4) + '\\n\\n' -}}{%- endfor -%}
  {%- endif -%}
  {%- if message.tool_calls -%}
    {%- if message.tool_calls | length != 1 -%}{{ raise_exception('One tool call at a time.') }}{%- endif -%}
    {%- set called = message.tool_calls[0].function -%}
    {{- '${call[0]}' ~ (message.content or '') ~ '${call[1]}' if '${call[0]}' else '' -}}
    {{- '{"name": "' + called.name + '", "parameters": ' + (called.arguments if called.arguments is string else called.arguments | tojson) + '}' -}}
  {%- elif result -%}
    {{- ${toolResult} -}}
  {%- else -%}
    {{- message.content | trim -}}
  {%- endif -%}
  {{- '${end}' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- ${header("'assistant'")} -}}{%- endif -%}`;

const LLAMA_3 = headerTemplate({
  header: (role) => `'<|start_header_id|>' + ${role} + '<|end_header_id|>\\n\\n'`,
  end: '<|eot_id|>', call: ['', ''], environment: 'Environment: ipython\\n', toolResult: 'message.content | trim',
});

/** A tool's result is written as JSON, so a text stands in quotes (Hugging Face's template). */
const LLAMA_4 = headerTemplate({
  header: (role) => `'<|header_start|>' + ${role} + '<|header_end|>\\n\\n'`,
  end: '<|eot|>', call: ['<|python_start|>', '<|python_end|>'], environment: 'Environment: ipython\\n', toolResult: 'message.content | tojson',
});

/** Source: FastChat, vicuna_v1.1. */
const VICUNA = `${SPLIT_SYSTEM}
{{- bos_token -}}
{{- (system if system is not none else "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.") + ' ' -}}
{%- for message in turns -%}
  ${ALTERNATE}
  {{- 'USER: ' + message.content + ' ' if message.role == 'user' else 'ASSISTANT: ' + message.content + eos_token -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- 'ASSISTANT:' -}}{%- endif -%}`;

/** Source: stanford_alpaca, train.py, without an input. It knows one turn; later ones follow as the first, after the end token. */
const ALPACA = `${SPLIT_SYSTEM}
{{- bos_token -}}
{{- (system if system is not none else 'Below is an instruction that describes a task. Write a response that appropriately completes the request.') + '\\n\\n' -}}
{%- for message in turns -%}
  ${ALTERNATE}
  {{- '### Instruction:\\n' + message.content + '\\n\\n### Response:' if message.role == 'user' else message.content + eos_token -}}
{%- endfor -%}`;

/** Jinja source of each format. WizardLM 13B and larger were trained on Vicuna's, WizardCoder on Alpaca's (FastChat's adapters). */
export const FORMAT_TEMPLATES: Readonly<Record<ChatFormat, string>> = { 'llama-2': LLAMA_2, 'llama-3': LLAMA_3, 'llama-4': LLAMA_4, alpaca: ALPACA, vicuna: VICUNA, wizardlm: VICUNA, wizardcoder: ALPACA };

const LLAMA_2_MARKS = /\[(?=\/?INST\])|<(?=<\/?SYS>>)/g;

/** Llama 2 marks turns with plain text, so a message that holds such a mark gets a space into it; Meta's own code refuses such messages. */
export const neutralizeLlama2 = (text: string): string => text.replace(LLAMA_2_MARKS, (bracket) => `${bracket} `);
