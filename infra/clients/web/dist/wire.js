export function proof(config, part) {
    const { id_token, correlation_id } = config;
    return { id_token, ...(correlation_id === undefined ? {} : { correlation_id }), ...part };
}
