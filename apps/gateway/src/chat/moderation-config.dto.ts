import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';

/** `score` reports without blocking; `block` withholds what the policy blocks. */
export class ModerationModeDto {
  @ApiProperty({ enum: ['score', 'block'] })
  @IsIn(['score', 'block'])
  mode!: 'score' | 'block';
}

/** Modes by direction; an absent one is `block`. */
export class ModerationPolicyDto {
  @ApiPropertyOptional({ type: ModerationModeDto, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ModerationModeDto)
  input?: ModerationModeDto | null;

  @ApiPropertyOptional({ type: ModerationModeDto, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ModerationModeDto)
  output?: ModerationModeDto | null;
}

/** OpenAI's `moderation` request field of chat completions. */
export class ModerationConfigDto {
  @ApiProperty({ example: 'omni-moderation-latest' })
  @IsString()
  @MaxLength(256)
  model!: string;

  @ApiPropertyOptional({ type: ModerationPolicyDto, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ModerationPolicyDto)
  policy?: ModerationPolicyDto | null;
}
