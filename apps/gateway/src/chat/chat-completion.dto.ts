import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ResponseFormat } from '@sallyport/contracts';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, Max, MaxLength, Min, MinLength, ValidateNested } from 'class-validator';
import { ChatMessageDto } from './chat-message.dto.js';
import { IsLogitBias, IsResponseFormat } from './decoding.validators.js';
import { IsStop } from './stop.validator.js';
import { ModerationConfigDto } from './moderation-config.dto.js';

/** OpenAI's `stream_options`. */
export class StreamOptionsDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  include_usage?: boolean;

  @IsOptional()
  @IsBoolean()
  include_obfuscation?: boolean;
}

/** Fields that shape the sampling, with OpenAI's ranges; `top_k`, `min_p` and `repetition_penalty` are extensions. */
export class SamplingDto {
  @ApiPropertyOptional({ minimum: 0, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number | null;

  @ApiPropertyOptional({ minimum: 0, maximum: 1 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  top_p?: number | null;

  @ApiPropertyOptional({ description: 'Extension: keep the k most likely tokens.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  top_k?: number | null;

  @ApiPropertyOptional({ description: 'Extension: drop tokens less likely than this share of the best one.' })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  min_p?: number | null;

  @ApiPropertyOptional({ description: 'Extension.' })
  @IsOptional()
  @IsNumber()
  @Min(0.01)
  @Max(10)
  repetition_penalty?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(-2)
  @Max(2)
  frequency_penalty?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(-2)
  @Max(2)
  presence_penalty?: number | null;

  @ApiPropertyOptional()
  @IsOptional()
  @IsInt()
  seed?: number | null;

  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, maxItems: 4 }] })
  @IsOptional()
  @IsStop()
  stop?: string | string[] | null;

  @ApiPropertyOptional({ minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_tokens?: number | null;

  @ApiPropertyOptional({ minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_completion_tokens?: number | null;

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  logprobs?: boolean | null;

  @ApiPropertyOptional({ minimum: 0, maximum: 20 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(20)
  top_logprobs?: number | null;

  @ApiPropertyOptional({ minimum: 1, maximum: 128 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(128)
  n?: number | null;
}

/** Documented OpenAI fields that only the generator can honour: passed on as they are, and refused by name where it cannot. */
export class GeneratorFieldsDto extends SamplingDto {
  @ApiPropertyOptional({ type: [Object] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  tools?: unknown[] | null;

  @IsOptional()
  tool_choice?: unknown;

  @IsOptional()
  @IsBoolean()
  parallel_tool_calls?: boolean | null;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  functions?: unknown[] | null;

  @IsOptional()
  function_call?: unknown;

  @ApiPropertyOptional({ type: Object })
  @IsOptional()
  @IsResponseFormat()
  response_format?: ResponseFormat | null;

  @ApiPropertyOptional({ type: Object, description: 'Token id → -100 to 100.' })
  @IsOptional()
  @IsLogitBias()
  logit_bias?: Record<string, number> | null;

  @IsOptional()
  @IsObject()
  prediction?: Record<string, unknown> | null;

  @IsOptional()
  @IsIn(['low', 'medium', 'high'])
  verbosity?: string | null;

  @IsOptional()
  @IsIn(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
  reasoning_effort?: string | null;

  @IsOptional()
  @IsObject()
  web_search_options?: Record<string, unknown> | null;

  @IsOptional()
  @IsArray()
  @IsIn(['text', 'audio'], { each: true })
  modalities?: string[] | null;

  @IsOptional()
  @IsObject()
  audio?: Record<string, unknown> | null;
}

/** Body of `POST /v1/chat/completions`: every documented OpenAI field, OpenAI's `moderation`, and our `policy`. */
export class ChatCompletionDto extends GeneratorFieldsDto {
  @ApiProperty({ example: 'smollm2-135m-instruct' })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  model!: string;

  @ApiProperty({ type: [ChatMessageDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2_048)
  @ValidateNested({ each: true })
  @Type(() => ChatMessageDto)
  messages!: ChatMessageDto[];

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  stream?: boolean | null;

  @ApiPropertyOptional({ type: StreamOptionsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => StreamOptionsDto)
  stream_options?: StreamOptionsDto | null;

  @ApiPropertyOptional({ type: ModerationConfigDto, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ModerationConfigDto)
  moderation?: ModerationConfigDto | null;

  @ApiPropertyOptional({ description: 'Extension: the policy that judges, `id` (its active version) or `id@version`.', example: 'default' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  policy?: string | null;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown> | null;

  @IsOptional()
  @IsBoolean()
  store?: boolean | null;

  @IsOptional()
  @IsString()
  @MaxLength(512)
  user?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  safety_identifier?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(512)
  prompt_cache_key?: string | null;

  @IsOptional()
  @IsObject()
  prompt_cache_options?: Record<string, unknown> | null;

  @IsOptional()
  @IsString()
  @MaxLength(32)
  service_tier?: string | null;
}
