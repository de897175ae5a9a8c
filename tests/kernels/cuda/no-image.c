/* Stands for the kernels' image where nvcc made none: the emulated driver never reads it. */
extern const unsigned char praxi_cuda_image[];

__attribute__ ((visibility ("hidden"))) const unsigned char praxi_cuda_image[1] = {0};
