import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/** Body of `POST /v1/policies/{id}/dry-run`: what is tried (`version` or `document`) and on what (`audit_id` or `rows`). */
export class DryRunDto {
  @ApiPropertyOptional({ minimum: 1, example: 3 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  version?: number;

  @ApiPropertyOptional({ type: Object, description: 'A document that is stored nowhere yet.' })
  @IsOptional()
  @IsObject()
  document?: Record<string, unknown>;

  @ApiPropertyOptional({ example: 'audit_0f8fad5bd9cb469fa16570867728950e' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  audit_id?: string;

  @ApiPropertyOptional({
    type: [Object], maxItems: 20_000,
    description: 'Recorded decisions: verdict lines as audits and /v1/moderations give them, or raw `scores`. A row with neither is screened once, if it has `text` or `messages` (at most 500 of these).',
    example: [{ id: 'a', harm: 0.4, categories: { S1: 0.6 }, attack: 0.01, decision: 'block' }, { text: 'How do I kill a process?', scores: { guard: { harm: 0.2, S1: 0.5 } } }],
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20_000)
  @IsObject({ each: true })
  rows?: Array<Record<string, unknown>>;

  @ApiPropertyOptional({ minimum: 0, maximum: 200, default: 20 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(200)
  examples?: number;
}
