import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsNotEmptyObject, IsOptional, IsString, MaxLength, ValidateIf, ValidateNested } from 'class-validator';
import { IsTextContent, type TextContent } from '../http/text-parts.js';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;

/** Name and JSON arguments of a function that an assistant turn called. */
export class FunctionCallDto {
  @ApiProperty({ example: 'get_weather' })
  @IsString()
  @MaxLength(256)
  name!: string;

  @ApiProperty({ example: '{"city":"Paris"}' })
  @IsString()
  arguments!: string;
}

/** One tool call of an earlier assistant turn. */
export class ToolCallDto {
  @ApiProperty({ example: 'call_1' })
  @IsString()
  @MaxLength(256)
  id!: string;

  @ApiProperty({ enum: ['function'] })
  @IsIn(['function'])
  type!: 'function';

  @ApiProperty({ type: FunctionCallDto })
  @IsNotEmptyObject()
  @ValidateNested()
  @Type(() => FunctionCallDto)
  function!: FunctionCallDto;
}

/** One message of a conversation, in OpenAI's shape. Text only: parts of other kinds are refused by name. */
export class ChatMessageDto {
  @ApiProperty({ enum: ROLES, example: 'user' })
  @IsIn(ROLES)
  role!: (typeof ROLES)[number];

  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }], nullable: true, example: 'What is the capital of France?' })
  @ValidateIf((message: ChatMessageDto) => message.role !== 'assistant' || (message.content !== null && message.content !== undefined))
  @IsTextContent()
  content?: TextContent | null;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(256)
  name?: string;

  @ApiPropertyOptional({ description: 'Text of a refusal in an earlier assistant turn.' })
  @IsOptional()
  @IsString()
  refusal?: string | null;

  @ApiPropertyOptional({ description: 'Reasoning of an earlier assistant turn; it is not sent to the generator.' })
  @IsOptional()
  @IsString()
  reasoning_content?: string | null;

  @ApiPropertyOptional({ type: [ToolCallDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  @ValidateNested({ each: true })
  @Type(() => ToolCallDto)
  tool_calls?: ToolCallDto[] | null;

  @ApiPropertyOptional()
  @ValidateIf((message: ChatMessageDto) => message.role === 'tool')
  @IsString()
  @MaxLength(256)
  tool_call_id?: string;

  @IsOptional()
  @IsArray()
  annotations?: unknown[];
}
