/** Chat roles as OpenAI spells them; `developer` is the newer spelling of `system`. */
export type ChatRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** One turn with its text parts already joined. Non-text parts never get here: the gateway refuses them by name. */
export interface ChatMessage {
  role: ChatRole;
  content: string;
  name?: string;
  toolCallId?: string;
  toolCalls?: ToolCall[];
}
