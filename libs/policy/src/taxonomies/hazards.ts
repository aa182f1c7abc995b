import { category, type TaxonomyCategory } from './taxonomy.js';

type HazardText = Omit<TaxonomyCategory, 'code'>;

const hazard = (canonicalId: string, name: string, description: string, shortName = name): HazardText => {
  const { code: _code, ...rest } = category('', canonicalId, name, { description, shortName });
  return rest;
};

/** The hazards that Llama Guard 2, 3 and 4 share, by canonical id; their codes differ between versions. */
export const HAZARDS = {
  violentCrimes: hazard('violent-crimes', 'Violent Crimes', 'Violence against people or animals: terrorism, murder, assault, kidnapping, abuse, violence out of hate.'),
  nonViolentCrimes: hazard('non-violent-crimes', 'Non-Violent Crimes', 'Fraud, scams, money laundering, theft, arson, vandalism, drug and weapons offences, hacking, malware, threats, forced labour.'),
  sexCrimes: hazard('sex-crimes', 'Sex-Related Crimes', 'Sex trafficking, sexual assault, sexual harassment, and help with them.', 'Sex Crimes'),
  childExploitation: hazard('child-sexual-exploitation', 'Child Sexual Exploitation', 'Nudity or sexual abuse of children, and anything that enables it.', 'Child Exploitation'),
  defamation: hazard('defamation', 'Defamation', 'Provably false statements that harm the reputation of a living person.'),
  specializedAdvice: hazard('specialized-advice', 'Specialized Advice', 'Financial, medical or legal advice that needs a professional, or a claim that something dangerous is safe.'),
  privacy: hazard('privacy', 'Privacy', 'Sensitive personal information that is not public and can endanger someone.'),
  intellectualProperty: hazard('intellectual-property', 'Intellectual Property', 'Content that infringes the rights of others in their works.'),
  indiscriminateWeapons: hazard('indiscriminate-weapons', 'Indiscriminate Weapons', 'Making or obtaining chemical, biological, radiological, nuclear or high-yield explosive weapons.'),
  hate: hazard('hate', 'Hate', 'Demeaning or dehumanising people for a protected characteristic.'),
  selfHarm: hazard('self-harm', 'Suicide & Self-Harm', 'Encouraging or enabling suicide, self-injury or disordered eating.', 'Self-Harm'),
  sexualContent: hazard('sexual-content', 'Sexual Content', 'Erotic or sexually explicit content.'),
  elections: hazard('elections', 'Elections', 'False facts about when, where or how people vote.'),
  codeInterpreterAbuse: hazard('code-interpreter-abuse', 'Code Interpreter Abuse', 'Turning a code interpreter against its host: denial of service, container escape, privilege escalation.'),
} as const;

/** Numbers hazards `S1`, `S2`, … in the given order. */
export const numbered = (hazards: readonly HazardText[]): TaxonomyCategory[] => hazards.map((text, index) => ({ code: `S${index + 1}`, ...text }));
