//! What an outsider sees of `ros`.
