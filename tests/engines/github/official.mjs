// GitHub's own parser, evaluator, validator and globber, as bundle.mjs packed them.
export * from "../node_modules/.cache/github/official.mjs";
