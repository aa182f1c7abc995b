import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional, IsString, MaxLength, ValidateIf, ValidateNested } from 'class-validator';
import type { Direction } from '@sallyport/contracts';
import { ChatMessageDto } from '../chat/chat-message.dto.js';
import type { TextContent } from '../http/text-parts.js';
import { IsModerationInput } from './moderation-input.validator.js';

export const DIRECTIONS = ['prompt', 'response', 'document', 'tool'] as const satisfies readonly Direction[];

/** Body of `POST /v1/moderations`: OpenAI's two fields, and our `policy`, `direction` and `messages`. */
export class ModerationDto {
  @ApiPropertyOptional({
    description: 'One text, several texts (one result each), or typed parts (one result). Required unless `messages` is given.',
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'array', items: { type: 'object' } }],
    example: 'I will find you and hurt you.',
  })
  @ValidateIf((body: ModerationDto) => body.messages === undefined || body.input !== undefined)
  @IsModerationInput()
  input?: string | string[] | Exclude<TextContent, string>;

  @ApiPropertyOptional({ example: 'omni-moderation-latest', default: 'omni-moderation-latest' })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  model?: string;

  @ApiPropertyOptional({ description: 'Extension: the policy that judges, `id` or `id@version`.', example: 'default' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  policy?: string;

  @ApiPropertyOptional({ description: 'Extension: what the texts of `input` are.', enum: DIRECTIONS, default: 'prompt' })
  @IsOptional()
  @IsIn(DIRECTIONS)
  direction?: Direction;

  @ApiPropertyOptional({ description: 'Extension: the conversation before `input`; without `input` the conversation itself is judged, as one result.', type: [ChatMessageDto] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2_048)
  @ValidateNested({ each: true })
  @Type(() => ChatMessageDto)
  messages?: ChatMessageDto[];
}
