"""The one place where the shapes model's sizes are written down, as diffusers and transformers spell them."""

FRAMES = 49
RESOLUTION = 256
LATENT_FRAMES = 13
LATENT_CHANNELS = 8

VAE = dict(
    in_channels=3,
    out_channels=3,
    block_out_channels=(16, 32, 64, 64),
    latent_channels=LATENT_CHANNELS,
    layers_per_block=1,
    norm_num_groups=16,
    norm_eps=1e-6,
    temporal_compression_ratio=4,
    sample_height=RESOLUTION,
    sample_width=RESOLUTION,
    force_upcast=False,
)

TRANSFORMER = dict(
    num_attention_heads=4,
    attention_head_dim=64,
    in_channels=LATENT_CHANNELS,
    out_channels=LATENT_CHANNELS,
    time_embed_dim=192,
    text_embed_dim=128,
    num_layers=8,
    attention_bias=True,
    sample_width=RESOLUTION // 8,
    sample_height=RESOLUTION // 8,
    sample_frames=FRAMES,
    patch_size=2,
    max_text_seq_length=32,
    use_rotary_positional_embeddings=True,
)

TEXT_ENCODER = dict(
    vocab_size=128,
    d_model=128,
    d_kv=32,
    num_heads=4,
    d_ff=256,
    num_layers=2,
    feed_forward_proj="gated-gelu",
    dropout_rate=0.0,
    pad_token_id=0,
    eos_token_id=1,
    decoder_start_token_id=0,
    tie_word_embeddings=False,
    is_encoder_decoder=False,
    use_cache=False,
)

SCHEDULER = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    clip_sample=False,
    set_alpha_to_one=True,
    prediction_type="v_prediction",
    timestep_spacing="trailing",
    rescale_betas_zero_snr=True,
    snr_shift_scale=4.0,
)

# What is recommended for a generation, under the names of the pipeline's arguments.
GENERATION = {"num_inference_steps": 30, "guidance_scale": 3.0, "fps": 8}
